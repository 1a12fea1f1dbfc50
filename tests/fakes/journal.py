"""The record of reviews in memory, and an observer who stops a review after so many questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reviewbot.domain.money import PicoUsd
from reviewbot.domain.spent import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reviewbot.domain.forecast import Forecast, Past
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.review.ports import Stage
    from tests.fakes.ledger import FakeLedger

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class FakeJournal:
    """A review keeps its id until it is closed."""

    ledger: FakeLedger
    closed: list[tuple[str, str, str]] = field(default_factory=list)
    remembered: dict[str, PostedFinding] = field(default_factory=dict)
    learnt: list[PostedFinding] = field(default_factory=list)
    earlier: list[Past] = field(default_factory=list)
    foreseen: dict[str, Forecast] = field(default_factory=dict)
    _opened: dict[tuple[str, str], str] = field(default_factory=dict)
    _count: int = 0

    def is_open(self, pull: PullRequest, trigger: str) -> bool:
        return (pull.head_sha, trigger) in self._opened

    def open(self, pull: PullRequest, trigger: str) -> str:
        key = (pull.head_sha, trigger)
        if key not in self._opened:
            self._count += 1
            self._opened[key] = f"review-{self._count}"
        return self._opened[key]

    def close(
        self, review_id: str, state: str, report: str, raised: Sequence[PostedFinding] = ()
    ) -> None:
        self.closed.append((review_id, state, report))
        for each in raised:
            if each.is_listed and each.is_fixed:
                del self.remembered[each.fingerprint]
            else:
                self.remembered.setdefault(each.fingerprint, each)
        self._opened = {key: name for key, name in self._opened.items() if name != review_id}

    def past(self, pull: PullKey) -> Sequence[Past]:
        del pull
        return self.earlier

    def foresee(self, review_id: str, forecast: Forecast) -> Forecast:
        return self.foreseen.setdefault(review_id, forecast)

    def raised(self, pull: PullKey) -> Sequence[PostedFinding]:
        del pull
        return list(self.remembered.values())

    def learn(self, pull: PullKey, posted: Sequence[PostedFinding]) -> None:
        del pull
        self.learnt = list(posted)

    def money(self, review_id: str, pull: PullKey) -> Money:
        paid = [e for e in self.ledger.entries if e.charge.purse.pull == pull]
        mine = [e for e in paid if e.charge.purse.review_id == review_id]
        usages = [e.attempt.usage for e in mine if e.attempt.usage]
        return Money(
            spent=PicoUsd(sum(e.cost for e in mine)),
            presumed=PicoUsd(0),
            pr_total=PicoUsd(sum(e.cost for e in paid)),
            tokens_in=sum(usage.input for usage in usages),
            tokens_out=sum(usage.output for usage in usages),
            calls=len(mine),
        )


@dataclass
class FakeObserver:
    """Says stop, or that the time is over, from the given question on."""

    stop_at: int | None = None
    late_at: int | None = None
    stages: list[tuple[Stage, int]] = field(default_factory=list)
    done: int = 0

    def begins(self, stage: Stage, questions: int) -> None:
        self.stages.append((stage, questions))

    def advances(self, stage: Stage) -> None:
        assert stage is self.stages[-1][0]
        self.done += 1

    def interrupted(self) -> bool:
        return self.stop_at is not None and self.done >= self.stop_at

    def out_of_time(self) -> bool:
        return self.late_at is not None and self.done >= self.late_at


def one_by_one(work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, Callable[[], R]]]:
    """Runs each call when its result is asked for."""
    for task in tasks:
        yield task, partial(work, task)
