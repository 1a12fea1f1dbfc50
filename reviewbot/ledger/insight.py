"""What pages and scripts are shown of the ledger's sums, within somebody's sight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import NOTHING, PicoUsd
from reviewbot.ledger import pulls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight, Span


class Group(StrEnum):
    """What lines are made of."""

    DAY = "day"
    REPOSITORY = "repository"
    PULL = "pull"
    MODEL = "model"  # and tier
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class _Source:
    table: str
    key: str
    is_detailed: bool = False  # knows tokens by kind, failures and latency, but not what was saved


_SOURCES = {
    Group.DAY: _Source("spending_by_repository", "period"),
    Group.REPOSITORY: _Source("spending_by_repository", "repository_id"),
    Group.MODEL: _Source("spending", "tier, model", is_detailed=True),
    Group.ENDPOINT: _Source("spending", "endpoint", is_detailed=True),
}
_SUMS = ", ".join(f"SUM({name})" for name in pulls.SUMS[:-1])  # all but what was saved
_OF_DETAILS = (
    "0, SUM(instead), SUM(tokens_cached), SUM(tokens_written), SUM(failed), SUM(latency_ms)"
)
_DETAILED, _PLAIN = 14, 9  # sums a row


@dataclass(frozen=True, slots=True)
class Line:
    """Sums over ended calls; *key* is what they have in common. Amounts are 10**-12 USD.

    *questions* are no reviews; *asked* is their part of the cost. *reviews* says nothing where
    lines are models or endpoints, *saved* neither; all after that is known of these alone.
    *instead* is what the strong model would have cost instead. *findings* were posted on lines in
    that time and *accepted* are those of them that people wanted: known of pull requests alone.
    """

    key: tuple[Any, ...]
    reviews: int
    questions: int
    calls: int
    tokens_in: int
    tokens_out: int
    spent: PicoUsd
    presumed: PicoUsd
    asked: PicoUsd
    saved: PicoUsd
    instead: PicoUsd = NOTHING
    tokens_cached: int = 0
    tokens_written: int = 0
    failed: int = 0
    latency_ms: int = 0  # of all calls together
    findings: int = 0
    accepted: int = 0

    @property
    def cost(self) -> PicoUsd:
        """What counts against limits: settled and presumed."""
        return PicoUsd(self.spent + self.presumed)

    @property
    def cost_of_reviews(self) -> PicoUsd:
        """The cost without questions."""
        return PicoUsd(self.cost - self.asked)


def lines(
    session: Session, group: Group, span: Span, sight: Sight, most: int = 10_000
) -> list[Line]:
    """The dearest lines first; days by date."""
    if group is Group.PULL:
        days = (f"{span.first}", f"{span.last}")
        found = pulls.dearest(session, days, sight, most)
        return [_of_pull(row) for row in found]
    source = _SOURCES[group]
    when, values = span.condition()
    if group is Group.DAY:
        when, values = "grain = 'day' AND period BETWEEN ? AND ?", [f"{span.first}", f"{span.last}"]
    order = "period" if group is Group.DAY else f"SUM(spent + presumed) DESC, {source.key}"
    rest = _OF_DETAILS if source.is_detailed else "SUM(saved)"
    rows = session.rows(
        f"SELECT {_SUMS}, {rest}, {source.key} FROM {source.table}"  # noqa: S608 - fixed texts and integers
        f" WHERE {when} AND {sight.condition()} GROUP BY {source.key} ORDER BY {order} LIMIT ?",
        *values,
        most,
    )
    return [_line(row, _DETAILED if source.is_detailed else _PLAIN) for row in rows]


def nothing(key: tuple[Any, ...]) -> Line:
    """The line of what cost nothing."""
    return Line(key, 0, 0, 0, 0, 0, *[PicoUsd(0)] * 4)


def whole_life(session: Session, repository_id: int, number: int) -> Line:
    """One pull request's sums since it was first seen; single calls are kept for some time."""
    row = pulls.whole_life(session, repository_id, number)
    return nothing((repository_id, number)) if row is None else _of_pull(row)


def _of_pull(row: pulls.Row) -> Line:
    line = _line((*row[2 : 2 + _PLAIN], *row[:2]), _PLAIN)
    return replace(line, findings=row[-2], accepted=row[-1])


def _line(row: tuple[Any, ...], sums: int) -> Line:
    # PostgreSQL sums integers to decimals.
    numbers: list[Any] = [int(value or 0) for value in row[:sums]]
    key = tuple(int(part) if isinstance(part, int) else part for part in row[sums:])
    return Line(key, *numbers)


def names(session: Session, sight: Sight) -> dict[int, str]:
    """The newest name of every repository that ever cost something."""
    rows = session.rows(
        "SELECT repository_id, repository FROM spending_by_repository"  # noqa: S608 - integers
        f" WHERE grain = 'month' AND {sight.condition()}"
        " GROUP BY repository_id, repository ORDER BY MAX(period), repository",
    )
    return {int(repository_id): str(name) for repository_id, name in rows}


# Calls under way have an index of their own, by when their lease ends, and are few. Without the
# sign SQLite looks through all calls of a repository; in another order, through all there are.
UNINDEXED = "+repository_id"


def is_known(session: Session, repository: str) -> bool:
    """Whether anything was ever done for a repository of that name, now or before."""
    rows = session.rows(
        "SELECT 1 FROM spending_by_repository WHERE grain = 'month' AND LOWER(repository) = ?"
        " UNION ALL SELECT 1 FROM calls WHERE state = 'reserved' AND LOWER(repository) = ?",
        repository.lower(),
        repository.lower(),
    )
    return bool(rows)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A call that was reserved and has not ended."""

    repository_id: int
    number: int
    tier: str
    model: str
    worst: PicoUsd


def under_way(session: Session, sight: Sight) -> list[UnderWay]:
    """What may be spent yet; such calls are few."""
    rows = session.rows(
        "SELECT repository_id, number, tier, model, worst FROM calls"  # noqa: S608 - integers
        f" WHERE state = 'reserved' AND {sight.condition(UNINDEXED)} ORDER BY lease_until, id"
    )
    return [UnderWay(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A limit and what became of it; amounts are 10**-12 USD."""

    scope: str
    cap: PicoUsd
    settled: PicoUsd
    presumed: PicoUsd
    reserved: PicoUsd
    closed_by: str

    @property
    def used(self) -> PicoUsd:
        """All that counts against the limit."""
        return PicoUsd(self.settled + self.presumed + self.reserved)


def gauges(session: Session, scopes: Iterable[str]) -> dict[str, Gauge]:
    """The counters of these scopes, as far as anything was reserved in them."""
    wanted = list(scopes)
    marks = ", ".join("?" * len(wanted)) or "NULL"
    rows = session.rows(
        "SELECT scope, cap, settled, presumed, reserved, closed_by FROM budgets"  # noqa: S608 - marks
        f" WHERE scope IN ({marks})",
        *wanted,
    )
    return {row[0]: Gauge(*row) for row in rows}


def gauges_of(session: Session, kind: str, period: str) -> list[Gauge]:
    """All counters of ``server`` or ``installation`` in a month."""
    rows = session.rows(
        "SELECT scope, cap, settled, presumed, reserved, closed_by FROM budgets"
        " WHERE scope LIKE ? ORDER BY settled + presumed DESC, scope",
        f"{kind}:%{period}",
    )
    return [Gauge(*row) for row in rows]


def first_day(session: Session, sight: Sight) -> str:
    """The first day on which anything was spent; empty where nothing was."""
    [(day,)] = session.rows(
        "SELECT MIN(period) FROM spending_by_repository"  # noqa: S608 - integers
        f" WHERE grain = 'day' AND {sight.condition()}"
    )
    return str(day or "")
