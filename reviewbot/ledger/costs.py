"""Sums over the ledger, for people and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session


class By(StrEnum):
    """What a summary is grouped by."""

    REPO = "repo"
    PR = "pr"
    MODEL = "model"
    TIER = "tier"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Spend:
    """One line of a summary: amounts in 10**-12 USD.

    *saved* is what known answers would have cost again; it is kept by review, so it is None
    where lines are models or tiers.
    """

    name: str
    reviews: int
    calls: int
    tokens_in: int
    tokens_out: int
    spent: PicoUsd
    presumed: PicoUsd
    saved: PicoUsd | None


@dataclass(frozen=True, slots=True)
class Query:
    """What to sum up: *since* in milliseconds since 1970; *repository* empty for all."""

    by: By
    since: int = 0
    repository: str = ""


_DAY = {
    False: "strftime('%Y-%m-%d', {} / 1000, 'unixepoch')",
    True: "to_char(to_timestamp({} / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}


def spend(database: Database, query: Query) -> list[Spend]:
    """Every line of the summary, the dearest first; days by date."""
    with database.transaction() as session:
        lines = _calls(session, query, shared=database.is_shared)
        reviews = _reviews(session, query, shared=database.is_shared)
    found = [_line(row, reviews.pop(row[0], None)) for row in lines]
    # Reviews whose answers were all known asked nothing.
    found += [
        Spend(name, count, 0, 0, 0, PicoUsd(0), PicoUsd(0), saved)
        for name, (count, saved) in reviews.items()
    ]
    if query.by is By.DAY:
        return sorted(found, key=lambda line: line.name)
    return sorted(found, key=lambda line: (-(line.spent + line.presumed), line.name))


def _group(by: By, time: str, *, shared: bool) -> str:
    return {
        By.REPO: "repository",
        By.PR: "repository || '#' || number",
        By.MODEL: "model",
        By.TIER: "tier",
        By.DAY: _DAY[shared].format(time),
    }[by]


def _calls(
    session: Session, query: Query, *, shared: bool
) -> list[tuple[str, int, int, int, int, int, int]]:
    group = _group(query.by, "reserved_at", shared=shared)
    rows = session.rows(
        f"SELECT {group} AS name, COUNT(DISTINCT review_id), COUNT(*), SUM(tokens_in),"  # noqa: S608 - fixed texts
        " SUM(tokens_out), SUM(CASE WHEN state = 'settled' THEN cost ELSE 0 END),"
        " SUM(CASE WHEN state = 'presumed' THEN cost ELSE 0 END)"
        f" FROM bills WHERE reserved_at >= ?{_only(query)} GROUP BY 1",
        query.since,
        *_repository(query),
    )
    return [(str(row[0]), *(int(value or 0) for value in row[1:])) for row in rows]  # type: ignore[misc] # seven columns


def _reviews(session: Session, query: Query, *, shared: bool) -> dict[str, tuple[int, PicoUsd]]:
    """How many reviews each line has, and what they saved; nothing for models and tiers."""
    if query.by in {By.MODEL, By.TIER}:
        return {}
    called = _group(query.by, "reserved_at", shared=shared)
    opened = _group(query.by, "opened_at", shared=shared)
    rows = session.rows(
        "SELECT name, COUNT(DISTINCT id), SUM(saved) FROM ("  # noqa: S608 - fixed texts
        f"SELECT {called} AS name, review_id AS id, 0 AS saved FROM bills"
        f" WHERE reserved_at >= ?{_only(query)} UNION ALL"
        f" SELECT {opened} AS name, id, saved FROM reviews"
        f" WHERE state <> 'open' AND opened_at >= ?{_only(query)}) AS both_tables GROUP BY name",
        *(query.since, *_repository(query)) * 2,
    )
    return {str(name): (int(count), PicoUsd(int(saved or 0))) for name, count, saved in rows}


def _only(query: Query) -> str:
    return " AND lower(repository) = ?" if query.repository else ""


def _repository(query: Query) -> tuple[str, ...]:
    return (query.repository.lower(),) if query.repository else ()


def _line(
    row: tuple[str, int, int, int, int, int, int], known: tuple[int, PicoUsd] | None
) -> Spend:
    name, reviews, calls, tokens_in, tokens_out, spent, presumed = row
    return Spend(
        name=name,
        reviews=known[0] if known else reviews,
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        spent=PicoUsd(spent),
        presumed=PicoUsd(presumed),
        saved=known[1] if known else None,
    )
