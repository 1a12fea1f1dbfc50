"""Sums that are kept while calls end, in the same transaction, so that nobody adds up later.

Days and months are UTC and those of the reservation, as the limits' are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.spent import ANSWERS
from reviewbot.ledger.clock import at_utc
from reviewbot.ledger.histogram import bucket_of
from reviewbot.review.ports import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.calls import Bill, Entry, Tokens
    from reviewbot.ledger.database import Session
    from reviewbot.review.ports import Attempt

_GRAINS = ("grain", "period")
_PULL = ("repository_id", "number")
_OF_REPOSITORY = ("repository_id", "repository")
_KEYS = {
    "spending": (*_GRAINS, *_OF_REPOSITORY, "tier", "model", "endpoint", "upstream"),
    "spending_by_repository": (*_GRAINS, *_OF_REPOSITORY),
    "spending_by_pull": (*_PULL, "period", "tier", "purpose"),
    "spending_of_pulls": _PULL,
    "acceptance": (*_GRAINS, *_OF_REPOSITORY, "tier", "model", "category"),
    "timings": (*_GRAINS, "repository_id", "endpoint", "measure", "bucket"),
    "forecasts": (*_GRAINS, "repository_id", "bucket"),
}
_KEPT = ("questions", "calls", "tokens_in", "tokens_out", "spent", "presumed", "asked")
_OF_FINDINGS = {"posted": "findings", "accepted": "accepted"}  # of pulls
ANSWER, FIRST_TOKEN = "answer", "first_token"  # what is timed


@dataclass(frozen=True, slots=True)
class _Firsts:
    """1 where a call is its review's first: of all, of its tier, of its model."""

    of_all: int
    of_tier: int
    of_model: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A review that was closed: its place, when it was opened, and what is added to the sums."""

    repository_id: int
    repository: str
    number: int
    opened_at: int  # milliseconds since 1970
    sums: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a review was forecast to cost and what it did, in 10**-12 USD."""

    p50: int
    p90: int
    cost: int


def add_ended(
    session: Session, entry: Entry, bill: Bill, attempt: Attempt, instead: int = 0
) -> None:
    """A call ended for the first time; *instead* is what the strong model would have cost."""
    firsts, is_answer = _firsts(session, entry), entry.reason in ANSWERS
    amounts = _amounts(bill.tokens) | {
        "calls": 1,
        "spent" if bill.is_settled else "presumed": bill.cost,
        "asked": bill.cost if is_answer else 0,
        "questions" if is_answer else "reviews": firsts.of_all,
    }
    of_kinds = {} if is_answer else _reviews_of_kinds(firsts)
    every = (
        amounts
        | of_kinds
        | {
            "failed": int(bill.ending is not Ending.ANSWERED),
            "latency_ms": attempt.latency_ms,
            "instead": instead,
        }
    )
    _add(session, entry, every)
    _time(session, entry, attempt)


def add_corrected(session: Session, entry: Entry, bill: Bill, instead: int = 0) -> None:
    """What was presumed of a call became known."""
    asked = bill.cost - entry.worst if entry.reason in ANSWERS else 0
    every = _amounts(bill.tokens) | {
        "spent": bill.cost,
        "presumed": -entry.worst,
        "asked": asked,
        "failed": -int(bill.ending is Ending.ANSWERED),
        "instead": instead,
    }
    _add(session, entry, every)


def add_closed(session: Session, closed: Closed) -> None:
    """What a review saved, and itself if it asked nothing."""
    pull, day = (closed.repository_id, closed.number), day_of(closed.opened_at)
    of_repository = (closed.repository_id, closed.repository)
    _upsert(session, "spending_by_repository", _in_grains(day, of_repository), closed.sums)
    _upsert(session, "spending_by_pull", [(*pull, day, "", "review")], closed.sums)
    _live(session, pull, day, closed.sums)


def add_foreseen(session: Session, repository_id: int, at: int, foreseen: Foreseen) -> None:
    """How good a review's forecast was; *at* is when the review was opened."""
    per_mille = foreseen.cost * 1000 // foreseen.p50 if foreseen.p50 else 0
    sums = {
        "reviews": 1,
        "within_p90": int(foreseen.cost <= foreseen.p90),
        "foreseen": foreseen.p50,
        "cost": foreseen.cost,
    }
    key = (repository_id, bucket_of(per_mille))
    _upsert(session, "forecasts", _in_grains(day_of(at), key), sums)


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
    day, pull = day_of(at), (key.repository_id, key.number)
    of_all = (key.repository_id, key.repository, key.tier, key.model, key.category)
    _upsert(session, "acceptance", _in_grains(day, of_all), sums)
    kept = {_OF_FINDINGS[name]: sums[name] for name in _OF_FINDINGS if name in sums}
    _upsert(session, "spending_by_pull", [(*pull, day, "", "review")], kept)
    _live(session, pull, day, kept)


def day_of(at: int) -> str:
    """The UTC day of a time in milliseconds since 1970."""
    return f"{at_utc(at):%Y-%m-%d}"


def _add(session: Session, entry: Entry, every: Mapping[str, int]) -> None:
    day, pull = day_of(entry.reserved_at), (entry.repository_id, entry.number)
    repository = (entry.repository_id, entry.repository)
    of_all = (*repository, entry.tier, entry.model, entry.endpoint, entry.upstream)
    _upsert(session, "spending", _in_grains(day, of_all), every)
    kept = {name: every[name] for name in ("reviews", *_KEPT) if name in every}
    _upsert(session, "spending_by_repository", _in_grains(day, repository), kept)
    purpose = "answer" if entry.reason in ANSWERS else "review"
    _upsert(session, "spending_by_pull", [(*pull, day, entry.tier, purpose)], kept)
    _live(session, pull, day, kept)


def _time(session: Session, entry: Entry, attempt: Attempt) -> None:
    """Calls that were never sent, or whose end nobody learned, say nothing of a pace."""
    if attempt.ending not in {Ending.ANSWERED, Ending.GARBLED}:
        return
    day = day_of(entry.reserved_at)
    measured = {ANSWER: attempt.latency_ms, FIRST_TOKEN: attempt.first_token_ms}
    keys = [
        key
        for measure, milliseconds in measured.items()
        if milliseconds > 0
        for key in _in_grains(
            day, (entry.repository_id, entry.endpoint, measure, bucket_of(milliseconds))
        )
    ]
    if keys:
        _upsert(session, "timings", keys, {"calls": 1})


def _amounts(tokens: Tokens) -> dict[str, int]:
    return {
        "tokens_in": tokens.input,
        "tokens_out": tokens.output,
        "tokens_cached": tokens.cached,
        "tokens_written": tokens.written,
        "tokens_thought": tokens.thought,
    }


def _reviews_of_kinds(firsts: _Firsts) -> dict[str, int]:
    return {"reviews_of_tier": firsts.of_tier, "reviews_of_model": firsts.of_model}


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


def _in_grains(day: str, key: tuple[object, ...]) -> list[tuple[object, ...]]:
    return [("day", day, *key), ("month", day[:7], *key)]


def _live(session: Session, pull: tuple[int, int], day: str, amounts: Mapping[str, int]) -> None:
    """Add to the pull request's whole life, which may begin or end with that day."""
    table = "spending_of_pulls"
    names = ", ".join([*_PULL, "first_day", "last_day", *amounts])
    marks = ", ".join("?" * (len(_PULL) + 2 + len(amounts)))
    ends = "".join(
        f", {name} = CASE WHEN excluded.{name} {sign} {table}.{name}"
        f" THEN excluded.{name} ELSE {table}.{name} END"
        for name, sign in (("first_day", "<"), ("last_day", ">"))
    )
    session.change(
        f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - fixed names
        f" ON CONFLICT ({', '.join(_PULL)}) DO UPDATE SET {_added(table, amounts)}{ends}",
        *(*pull, day, day, *amounts.values()),
    )


def _upsert(
    session: Session,
    table: str,
    keys: Sequence[tuple[object, ...]],
    amounts: Mapping[str, int],
) -> None:
    """Add *amounts* to the row of each key, in one statement."""
    key = _KEYS[table]
    names = ", ".join([*key, *amounts])
    marks = ", ".join("?" * (len(key) + len(amounts)))
    rows = ", ".join([f"({marks})"] * len(keys))
    session.change(
        f"INSERT INTO {table} ({names}) VALUES {rows}"  # noqa: S608 - fixed names
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {_added(table, amounts)}",
        *(value for each in keys for value in (*each, *amounts.values())),
    )


def _added(table: str, amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts)
