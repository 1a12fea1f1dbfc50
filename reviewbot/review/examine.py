"""Carries out one tier's reading: known answers first, the rest asked side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, ModelError, ModelUnavailable
from reviewbot.domain.finding import Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.review.answer import Reading, read
from reviewbot.review.plan import pack
from reviewbot.review.ports import Stage
from reviewbot.review.prompt import question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.review.ports import Answer, Ports, Purse, Question
    from reviewbot.review.prompt import Briefing, Task


class Interrupted(Exception):
    """A newer push waits, or the service is stopping; answers so far are stored."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a task has no reading. *unusable* means that a tier answered, but not to the point."""

    coverage: Coverage
    why: str
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A task's reading, and the answer it came from."""

    reading: Reading
    answer: Answer


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of each task, by answer key."""

    heard: dict[str, Heard] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    @property
    def over_budget(self) -> bool:
        """Whether the ledger refused any of it."""
        return any(gap.coverage is Coverage.OVER_BUDGET for gap in self.gaps.values())


def recall(tasks: Sequence[Task], briefing: Briefing, ports: Ports) -> Examined:
    """Take the answers that are known, and ask nothing."""
    by_key = {task.key: task for task in tasks}
    examined = Examined()
    known = ports.answers.known(list(by_key), ports.model.models(briefing.tier))
    for answer in known.values():
        _hear(answer, by_key, examined)
    return examined


def examine(tasks: Sequence[Task], briefing: Briefing, purse: Purse, ports: Ports) -> Examined:
    """Read every task; what could not be read becomes a gap, not a failure."""
    by_key = {task.key: task for task in tasks}
    examined = recall(tasks, briefing, ports)
    missing = [task for task in tasks if task.key not in examined.heard]
    for asked, result in _ask_all(missing, briefing, purse, ports):
        try:
            for answer in result():
                _hear(answer, by_key, examined)
        except BudgetExhausted as refused:
            _leave(asked, Gap(Coverage.OVER_BUDGET, str(refused)), examined)
        except ModelError as error:
            unusable = isinstance(error, BadAnswer)
            _leave(asked, Gap(Coverage.FAILED, str(error), unusable), examined)
    return examined


def _ask_all(
    missing: Sequence[Task], briefing: Briefing, purse: Purse, ports: Ports
) -> Iterator[tuple[Question, Callable[[], Sequence[Answer]]]]:
    by_chunk = {id(task.chunk): task for task in missing}
    questions = [
        question([by_chunk[id(chunk)] for chunk in chunks], briefing)
        for chunks in pack([task.chunk for task in missing])
    ]
    stage = Stage.STRONG if briefing.tier is Tier.STRONG else Stage.CHEAP
    ports.observer.begins(stage, len(questions))

    def ask(asked: Question) -> Sequence[Answer]:
        if ports.observer.interrupted():
            raise Interrupted
        if ports.observer.out_of_time():
            message = "the review's time was over"
            raise ModelUnavailable(message)
        return ports.model.ask(asked, purse)

    for asked, result in ports.side_by_side(ask, questions):
        yield asked, result
        ports.observer.advances(stage)


def _hear(answer: Answer, by_key: dict[str, Task], examined: Examined) -> None:
    try:
        reading = read(answer.text, by_key[answer.key].chunk)
    except BadAnswer as error:
        examined.gaps[answer.key] = Gap(Coverage.FAILED, str(error), unusable=True)
    else:
        examined.heard[answer.key] = Heard(reading, answer)


def _leave(asked: Question, gap: Gap, examined: Examined) -> None:
    examined.gaps.update(dict.fromkeys(asked.keys, gap))
