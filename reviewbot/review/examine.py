"""Carries out one tier's reading: known answers first, the rest asked side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
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
    from typing import Literal

    from reviewbot.domain.outcome import Shortage
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

    refusals: list[BudgetExhausted] = field(default_factory=list)

    @property
    def shortages(self) -> tuple[Shortage, ...]:
        """One a limit that refused calls, with the figures of its first refusal."""
        told = [each.shortage for each in self.refusals if each.shortage is not None]
        counts = Counter(shortage.scope for shortage in told)
        firsts = {shortage.scope: shortage for shortage in reversed(told)}
        return tuple(replace(firsts[scope], refused=count) for scope, count in counts.items())

    @property
    def over_budget(self) -> bool:
        """Whether the ledger refused any of it."""
        return any(gap.coverage is Coverage.OVER_BUDGET for gap in self.gaps.values())


class _Tap:
    """The way to the model; with ``stop`` it is closed by the first refusal of the ledger."""

    def __init__(self, purse: Purse, ports: Ports, exhausted: Literal["degrade", "stop"]) -> None:
        self._purse, self._ports, self._stops = purse, ports, exhausted == "stop"
        self._closed_by: BudgetExhausted | None = None

    def ask(self, asked: Question) -> Sequence[Answer]:
        """One question's answers; raises what stops it."""
        if self._ports.observer.interrupted():
            raise Interrupted
        if self._ports.observer.out_of_time():
            message = "the review's time was over"
            raise ModelUnavailable(message)
        if self._closed_by is not None:
            raise _Stopped(self._closed_by)
        try:
            return self._ports.model.ask(asked, self._purse)
        except BudgetExhausted as refused:
            if self._stops:
                self._closed_by = refused
            raise


class _Stopped(BudgetExhausted):
    """Not asked, because the policy says ``on_exhausted: stop``."""

    def __init__(self, first: BudgetExhausted) -> None:
        message = f"not asked, as the policy says to stop: {first.message}"
        super().__init__(message, first.scope, first.advice, first.shortage)
        self.args = (first,)


def examine(
    tasks: Sequence[Task],
    briefing: Briefing,
    purse: Purse,
    ports: Ports,
    exhausted: Literal["degrade", "stop"] = "degrade",
) -> Examined:
    """Read every task; what could not be read becomes a gap, not a failure."""
    by_key = {task.key: task for task in tasks}
    models = ports.model.models(briefing.tier)
    examined = Examined()
    for answer in ports.answers.known(list(by_key), models).values():
        _hear(answer, by_key, examined)
    missing = [task for task in tasks if task.key not in examined.heard]
    tap = _Tap(purse, ports, exhausted)
    for asked, result in _ask_all(missing, briefing, ports, tap):
        try:
            for answer in result():
                _hear(answer, by_key, examined)
        except BudgetExhausted as refused:
            examined.refusals.append(refused)
            _leave(asked, Gap(Coverage.OVER_BUDGET, str(refused)), examined)
        except ModelError as error:
            unusable = isinstance(error, BadAnswer)
            _leave(asked, Gap(Coverage.FAILED, str(error), unusable), examined)
    return examined


def _ask_all(
    missing: Sequence[Task], briefing: Briefing, ports: Ports, tap: _Tap
) -> Iterator[tuple[Question, Callable[[], Sequence[Answer]]]]:
    by_chunk = {id(task.chunk): task for task in missing}
    questions = [
        question([by_chunk[id(chunk)] for chunk in chunks], briefing)
        for chunks in pack([task.chunk for task in missing])
    ]
    stage = Stage.STRONG if briefing.tier is Tier.STRONG else Stage.CHEAP
    ports.observer.begins(stage, len(questions))
    for asked, result in ports.side_by_side(tap.ask, questions):
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
