"""Carries out one tier's reading: known answers first, the rest asked side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, ModelError, ModelUnavailable
from reviewbot.domain.finding import Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.phrase import Phrase
from reviewbot.review.answer import Reading, read
from reviewbot.review.parts import in_parts
from reviewbot.review.plan import pack
from reviewbot.review.ports import Stage
from reviewbot.review.prompt import LONGEST_OUTPUT, OUTPUT_CAP, question
from reviewbot.review.rules import cited
from reviewbot.review.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from reviewbot.domain.outcome import Shortage
    from reviewbot.review.parts import Ended
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


def recall(tasks: Sequence[Task], briefing: Briefing, ports: Ports) -> Examined:
    """Take the answers that are known, and ask nothing."""
    by_key = {task.key: task for task in tasks}
    examined = Examined()
    known = ports.answers.known(list(by_key), ports.model.models(briefing.tier))
    for answer in known.values():
        _hear(answer, by_key, briefing, examined)
    return examined


class _Tap:
    """The way to the model; with ``stop`` it is closed by the first refusal of the ledger."""

    def __init__(self, purse: Purse, ports: Ports, exhausted: Literal["degrade", "stop"]) -> None:
        self._purse, self._ports, self._stops = purse, ports, exhausted == "stop"
        self._closed_by: BudgetExhausted | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is asked."""
        return self._closed_by is not None

    def ask(self, asked: Question) -> Sequence[Answer]:
        """One question's answers; raises what stops it."""
        if self._ports.observer.interrupted():
            raise Interrupted
        if self._ports.observer.out_of_time():
            message = Phrase("the review's time was over")
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
        message = Phrase("not asked, as the policy says to stop: {why}", why=first.message)
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
    examined = recall(tasks, briefing, ports)
    missing = [task for task in tasks if task.key not in examined.heard]
    tap = _Tap(purse, ports, exhausted)
    for part, ended in _ask_all(missing, briefing, ports, tap):
        match ended:
            case BudgetExhausted():
                if ended not in examined.refusals:  # it may have spared others of being asked
                    examined.refusals.append(ended)
                _leave(part, Gap(Coverage.OVER_BUDGET, ended.message), examined)
            case ModelError():
                unusable = isinstance(ended, BadAnswer)
                _leave(part, Gap(Coverage.FAILED, ended.message, unusable), examined)
            case answers:
                for answer in answers:
                    _hear(answer, by_key, briefing, examined)
    return examined


def _ask_all(
    missing: Sequence[Task], briefing: Briefing, ports: Ports, tap: _Tap
) -> Iterator[Ended]:
    by_chunk = {id(task.chunk): task for task in missing}
    packs = [
        tuple(by_chunk[id(chunk)] for chunk in chunks)
        for chunks in pack([task.chunk for task in missing])
    ]
    stage = Stage.STRONG if briefing.tier is Tier.STRONG else Stage.CHEAP
    ports.observer.begins(stage, len(packs))

    turns = Turns(len(packs))

    def ask(numbered: tuple[int, Sequence[Task]]) -> list[Ended]:
        index, whole = numbered
        with turns.of(index) as turn:

            def ask_part(part: Sequence[Task], most: int = OUTPUT_CAP) -> Sequence[Answer]:
                asked = replace(question(part, briefing), output_cap=most, granted=turn.granted)
                try:
                    return tap.ask(asked)
                except BudgetExhausted:
                    turn.refused()
                    raise

            at_length = partial(ask_part, most=LONGEST_OUTPUT)
            return in_parts(whole, ask_part, at_length, lambda: tap.is_closed)

    for _, result in ports.side_by_side(ask, enumerate(packs)):
        yield from result()
        ports.observer.advances(stage)


def _hear(answer: Answer, by_key: dict[str, Task], briefing: Briefing, examined: Examined) -> None:
    chunk = by_key[answer.key].chunk
    try:
        reading = cited(read(answer.text, chunk), chunk.path, briefing.policy)
    except BadAnswer as error:
        examined.gaps[answer.key] = Gap(Coverage.FAILED, error.message, unusable=True)
    else:
        examined.heard[answer.key] = Heard(reading, answer)


def _leave(part: Sequence[Task], gap: Gap, examined: Examined) -> None:
    examined.gaps.update(dict.fromkeys((task.key for task in part), gap))
