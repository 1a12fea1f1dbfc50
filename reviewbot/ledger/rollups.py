"""Sums that are kept while calls end, in the same transaction, so that nobody adds up later.

Days and months are UTC and those of the reservation, as the limits' are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewbot.review.ports import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.ledger.calls import Bill, Entry, Tokens
    from reviewbot.ledger.database import Session

_OF_REPOSITORY = ("repository_id", "repository")
_KEYS = {
    "spending": (*_OF_REPOSITORY, "tier", "model", "endpoint", "upstream"),
    "spending_by_repository": _OF_REPOSITORY,
    "spending_by_pull": (*_OF_REPOSITORY, "number"),
    "acceptance": (*_OF_REPOSITORY, "tier", "model", "category"),
}
_OF_FINDINGS = {"posted": "findings", "accepted": "accepted"}  # of pulls
_KEPT = ("calls", "tokens_in", "tokens_out", "spent", "presumed")  # of repositories and pulls


@dataclass(frozen=True, slots=True)
class _Sums:
    """Rows of sums: their table, and their key beside grain and period."""

    table: str
    key: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Firsts:
    """1 where a call is its review's first: of all, of its tier, of its model."""

    of_all: int
    of_tier: int
    of_model: int


def add_ended(session: Session, entry: Entry, bill: Bill, latency_ms: int) -> None:
    """A call ended for the first time."""
    firsts = _firsts(session, entry)
    amounts = _amounts(bill.tokens) | {
        "calls": 1,
        "spent" if bill.is_settled else "presumed": bill.cost,
    }
    every = amounts | {
        "reviews_of_tier": firsts.of_tier,
        "reviews_of_model": firsts.of_model,
        "failed": int(bill.ending is not Ending.ANSWERED),
        "latency_ms": latency_ms,
    }
    _add(session, entry, every, amounts, firsts.of_all)


def add_corrected(session: Session, entry: Entry, bill: Bill) -> None:
    """What was presumed of a call became known."""
    amounts = _amounts(bill.tokens) | {"spent": bill.cost, "presumed": -entry.worst}
    every = amounts | {"failed": -int(bill.ending is Ending.ANSWERED)}
    _add(session, entry, every, amounts, 0)


def add_closed(
    session: Session, repository: tuple[int, str], number: int, at: int, sums: Mapping[str, int]
) -> None:
    """A review was closed that was opened *at*: what it saved, and itself if it asked nothing."""
    _upsert(session, _Sums("spending_by_repository", repository), at, sums)
    _upsert(session, _Sums("spending_by_pull", (*repository, number)), at, sums)


@dataclass(frozen=True, slots=True)
class FindingKey:
    """What a posted finding is added up by."""

    repository_id: int
    repository: str
    number: int
    tier: str
    model: str
    category: str


def add_received(session: Session, key: FindingKey, at: int, sums: Mapping[str, int]) -> None:
    """A finding was posted *at*, or what people make of it changed."""
    repository = (key.repository_id, key.repository)
    of_all = (*repository, key.tier, key.model, key.category)
    _upsert(session, _Sums("acceptance", of_all), at, sums)
    kept = {_OF_FINDINGS[name]: sums[name] for name in _OF_FINDINGS if name in sums}
    _upsert(session, _Sums("spending_by_pull", (*repository, key.number)), at, kept)


def day_of(at: int) -> str:
    """The UTC day of a time in milliseconds since 1970."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"


def _add(
    session: Session,
    entry: Entry,
    every: Mapping[str, int],
    amounts: Mapping[str, int],
    reviews: int,
) -> None:
    at, repository = entry.reserved_at, (entry.repository_id, entry.repository)
    of_all = (*repository, entry.tier, entry.model, entry.endpoint, entry.upstream)
    _upsert(session, _Sums("spending", of_all), at, {**every, "reviews": reviews})
    kept = {name: amounts[name] for name in _KEPT if name in amounts} | {"reviews": reviews}
    _upsert(session, _Sums("spending_by_repository", repository), at, kept)
    _upsert(session, _Sums("spending_by_pull", (*repository, entry.number)), at, kept)


def _amounts(tokens: Tokens) -> dict[str, int]:
    return {
        "tokens_in": tokens.input,
        "tokens_out": tokens.output,
        "tokens_cached": tokens.cached,
        "tokens_written": tokens.written,
        "tokens_thought": tokens.thought,
    }


def _firsts(session: Session, entry: Entry) -> _Firsts:
    """The pull request's counter is locked by now, so no other call of the review ends here."""
    [(calls, of_tier, of_model)] = session.rows(
        "SELECT COUNT(*), SUM(CASE WHEN tier = ? THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN model = ? THEN 1 ELSE 0 END)"
        " FROM calls WHERE review_id = ? AND state <> 'reserved' AND id <> ?",
        entry.tier,
        entry.model,
        entry.review_id,
        entry.id,
    )
    return _Firsts(int(not calls), int(not of_tier), int(not of_model))


def _upsert(session: Session, sums: _Sums, at: int, amounts: Mapping[str, int]) -> None:
    """Add *amounts* to the row of each grain, in one statement."""
    day, table = day_of(at), sums.table
    key = ("grain", "period", *_KEYS[table])
    names = ", ".join([*key, *amounts])
    marks = ", ".join("?" * (len(key) + len(amounts)))
    grains = {"day": day, "month": day[:7]}
    rows = ", ".join([f"({marks})"] * len(grains))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts)
    session.change(
        f"INSERT INTO {table} ({names}) VALUES {rows}"  # noqa: S608 - fixed names
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}",
        *(value for grain in grains.items() for value in (*grain, *sums.key, *amounts.values())),
    )
