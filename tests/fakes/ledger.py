"""A ledger in memory that keeps the port's promises, and breaks tests that break theirs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import PicoUsd
from reviewbot.review.ports import Answer, Attempt, Charge, Ending, Grant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """A settled grant."""

    charge: Charge
    attempt: Attempt
    answers: tuple[Answer, ...]
    cost: PicoUsd


@dataclass
class FakeLedger:
    """One scope, *limit* wide; *open* holds what is reserved and not settled yet."""

    limit: int = 10**18
    refusal: str = "the budget is used up"
    open: dict[str, Charge] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _count: int = 0

    @property
    def spent(self) -> int:
        """The cost of all settled grants."""
        with self._lock:
            return sum(entry.cost for entry in self.entries)

    def reserve(self, charge: Charge) -> Grant:
        with self._lock:
            reserved = sum(each.worst for each in self.open.values())
            if self.spent + reserved + charge.worst > self.limit:
                raise BudgetExhausted(self.refusal, "review")
            self._count += 1
            grant = Grant(str(self._count), charge)
            self.open[grant.id] = charge
            return grant

    def settle(self, grant: Grant, attempt: Attempt, answers: Sequence[Answer] = ()) -> PicoUsd:
        with self._lock:
            assert self.open.pop(grant.id, None) is grant.charge, "one settle a grant"
            cost = _cost(grant.charge, attempt)
            assert not answers or sum(answer.cost for answer in answers) == cost
            self.entries.append(Entry(grant.charge, attempt, tuple(answers), cost))
            return cost

    def known(self, keys: Sequence[str], models: Sequence[str]) -> Mapping[str, Answer]:
        with self._lock:
            return {
                answer.key: answer
                for entry in self.entries
                for answer in entry.answers
                if answer.key in keys and answer.model in models
            }


def _cost(charge: Charge, attempt: Attempt) -> PicoUsd:
    match attempt.ending:
        case Ending.REFUSED:
            return PicoUsd(0)
        case Ending.UNKNOWN:
            return charge.worst
        case Ending.ANSWERED | Ending.GARBLED:
            assert attempt.usage is not None, "billed by its usage, which is missing"
            return charge.cost(attempt)
