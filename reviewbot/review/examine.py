"""Carries out one tier's reading: known answers first, the rest asked side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, ModelError, ModelUnavailable
from reviewbot.domain.finding import Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.review.answer import Reading, read
from reviewbot.review.parts import in_parts
from reviewbot.review.plan import pack
from reviewbot.review.ports import Stage
from reviewbot.review.prompt import question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.review.parts import Ended
    from reviewbot.review.ports import Answer, Ports, Purse
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


def examine(tasks: Sequence[Task], briefing: Briefing, purse: Purse, ports: Ports) -> Examined:
    """Read every task; what could not be read becomes a gap, not a failure."""
    by_key = {task.key: task for task in tasks}
    models = ports.model.models(briefing.tier)
    examined = Examined()
    for answer in ports.answers.known(list(by_key), models).values():
        _hear(answer, by_key, examined)
    missing = [task for task in tasks if task.key not in examined.heard]
    for part, ended in _ask_all(missing, briefing, purse, ports):
        match ended:
            case BudgetExhausted():
                _leave(part, Gap(Coverage.OVER_BUDGET, str(ended)), examined)
            case ModelError():
                unusable = isinstance(ended, BadAnswer)
                _leave(part, Gap(Coverage.FAILED, str(ended), unusable), examined)
            case answers:
                for answer in answers:
                    _hear(answer, by_key, examined)
    return examined


def _ask_all(
    missing: Sequence[Task], briefing: Briefing, purse: Purse, ports: Ports
) -> Iterator[Ended]:
    by_chunk = {id(task.chunk): task for task in missing}
    packs = [
        tuple(by_chunk[id(chunk)] for chunk in chunks)
        for chunks in pack([task.chunk for task in missing])
    ]
    stage = Stage.STRONG if briefing.tier is Tier.STRONG else Stage.CHEAP
    ports.observer.begins(stage, len(packs))

    def ask(part: Sequence[Task]) -> Sequence[Answer]:
        if ports.observer.interrupted():
            raise Interrupted
        if ports.observer.out_of_time():
            message = "the review's time was over"
            raise ModelUnavailable(message)
        return ports.model.ask(question(part, briefing), purse)

    for _, result in ports.side_by_side(lambda whole: in_parts(whole, ask), packs):
        yield from result()
        ports.observer.advances(stage)


def _hear(answer: Answer, by_key: dict[str, Task], examined: Examined) -> None:
    try:
        reading = read(answer.text, by_key[answer.key].chunk)
    except BadAnswer as error:
        examined.gaps[answer.key] = Gap(Coverage.FAILED, str(error), unusable=True)
    else:
        examined.heard[answer.key] = Heard(reading, answer)


def _leave(part: Sequence[Task], gap: Gap, examined: Examined) -> None:
    examined.gaps.update(dict.fromkeys((task.key for task in part), gap))
