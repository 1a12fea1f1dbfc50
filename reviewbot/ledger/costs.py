"""Summaries for people and scripts, out of sums that were kept while calls ended.

Raw calls may be long gone; a summary is the same before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd
from reviewbot.ledger.rollups import day_of

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session


class By(StrEnum):
    """What a summary is grouped by."""

    REPO = "repo"
    PR = "pr"
    MODEL = "model"
    TIER = "tier"
    DAY = "day"


_NOTHING = PicoUsd(0)


@dataclass(frozen=True, slots=True)
class Spend:
    """One line of a summary: amounts in 10**-12 USD.

    *saved* is what known answers would have cost again; it is kept by review, so it is None
    where lines are models or tiers. *reserved* is what calls under way may cost yet: they are
    in no other figure.
    """

    name: str
    reviews: int
    calls: int
    tokens_in: int
    tokens_out: int
    spent: PicoUsd
    presumed: PicoUsd
    saved: PicoUsd | None
    reserved: PicoUsd = _NOTHING


@dataclass(frozen=True, slots=True)
class Query:
    """What to sum up: *since* in milliseconds since 1970; *repository* empty for all.

    A summary consists of whole days (UTC): the first is that of *since*.
    """

    by: By
    since: int = 0
    repository: str = ""


@dataclass(frozen=True, slots=True)
class _Grouping:
    """Where lines of a kind come from: their table, their name, and how reviews count."""

    table: str
    name: str
    reviews: str
    name_of_open: str  # of calls under way


_DAY_OF_OPEN = {
    False: "strftime('%Y-%m-%d', reserved_at / 1000, 'unixepoch')",
    True: "to_char(to_timestamp(reserved_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
_GROUPINGS = {
    By.REPO: _Grouping("spending", "repository", "reviews", "repository"),
    By.PR: _Grouping(
        "spending_by_pull",
        "repository || '#' || number",
        "reviews",
        "repository || '#' || number",
    ),
    By.MODEL: _Grouping("spending", "model", "reviews_of_model", "model"),
    By.TIER: _Grouping("spending", "tier", "reviews_of_tier", "tier"),
    By.DAY: _Grouping("spending", "period", "reviews", ""),
}


def spend(database: Database, query: Query) -> list[Spend]:
    """Every line of the summary, the dearest first; days by date."""
    with database.transaction() as session:
        ended = _ended(session, query)
        reserved = _reserved(session, query, shared=database.is_shared)
    found = [_line(row, query, reserved.pop(row[0], 0)) for row in ended]
    found += [
        Spend(name, 0, 0, 0, 0, _NOTHING, _NOTHING, None, PicoUsd(amount))
        for name, amount in reserved.items()
    ]
    if query.by is By.DAY:
        return sorted(found, key=lambda line: line.name)
    return sorted(found, key=lambda line: (-(line.spent + line.presumed), line.name))


_Row = tuple[str, int, int, int, int, int, int, int]


def _ended(session: Session, query: Query) -> list[_Row]:
    grouping = _GROUPINGS[query.by]
    periods, values = _periods(query)
    # What known answers saved stands beside the models, under none.
    named = " AND model <> ''" if _is_of_models(query) else ""
    rows = session.rows(
        f"SELECT {grouping.name} AS name, SUM({grouping.reviews}), SUM(calls), SUM(tokens_in),"  # noqa: S608 - fixed texts
        f" SUM(tokens_out), SUM(spent), SUM(presumed), SUM(saved) FROM {grouping.table}"
        f" WHERE {periods}{_only(query)}{named} GROUP BY 1",
        *values,
        *_repository(query),
    )
    return [(str(row[0]), *(int(value or 0) for value in row[1:])) for row in rows]  # type: ignore[misc] # eight columns


def _periods(query: Query) -> tuple[str, list[str]]:
    """Whole months where they will do, and the days before the first of them."""
    first = day_of(query.since)
    if query.by is By.DAY:
        return "grain = 'day' AND period >= ?", [first]
    month = first[:7]
    if first.endswith("-01"):
        return "grain = 'month' AND period >= ?", [month]
    days = "grain = 'day' AND period >= ? AND period <= ?"
    return f"((grain = 'month' AND period > ?) OR ({days}))", [month, first, f"{month}-31"]


def _reserved(session: Session, query: Query, *, shared: bool) -> dict[str, int]:
    """What calls under way may cost yet; they are few."""
    grouping = _GROUPINGS[query.by]
    name = grouping.name_of_open or _DAY_OF_OPEN[shared]
    rows = session.rows(
        f"SELECT {name} AS name, SUM(worst) FROM calls"  # noqa: S608 - fixed texts
        f" WHERE state = 'reserved' AND reserved_at >= ?{_only(query)} GROUP BY 1",
        query.since,
        *_repository(query),
    )
    return {str(each): int(amount) for each, amount in rows}


def _is_of_models(query: Query) -> bool:
    return query.by in {By.MODEL, By.TIER}


def _only(query: Query) -> str:
    return " AND repository = ?" if query.repository else ""


def _repository(query: Query) -> tuple[str, ...]:
    return (query.repository,) if query.repository else ()


def _line(row: _Row, query: Query, reserved: int) -> Spend:
    name, reviews, calls, tokens_in, tokens_out, spent, presumed, saved = row
    return Spend(
        name=name,
        reviews=reviews,
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        spent=PicoUsd(spent),
        presumed=PicoUsd(presumed),
        saved=None if _is_of_models(query) else PicoUsd(saved),
        reserved=PicoUsd(reserved),
    )
