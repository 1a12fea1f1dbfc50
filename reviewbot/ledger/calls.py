"""One row an HTTP attempt: opened when it is reserved, closed once, corrected by rows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.domain.money import NOTHING, PicoUsd
from reviewbot.review.ports import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.ledger.database import Session
    from reviewbot.ledger.scopes import Scope
    from reviewbot.review.ports import Attempt, Charge, Grant

_COLUMNS = (
    "id, review_id, repository_id, repository, number, tier, model, endpoint, upstream,"
    " reason, reserved_at, worst, scopes"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A call's row, as far as sums need it."""

    id: str
    review_id: str
    repository_id: int
    repository: str
    number: int
    tier: str
    model: str
    endpoint: str
    upstream: str
    reason: str
    reserved_at: int  # milliseconds since 1970
    worst: PicoUsd
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens by kind."""

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    thought: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """How a call is entered: settled or presumed, its cost, and the tokens behind it."""

    is_settled: bool
    cost: PicoUsd
    ending: Ending
    tokens: Tokens = Tokens()


def bill_of(charge: Charge, attempt: Attempt) -> Bill:
    """What came of an attempt, in money."""
    usage, ending = attempt.usage, attempt.ending
    if ending is Ending.REFUSED:
        return Bill(is_settled=True, cost=NOTHING, ending=ending)
    if usage is None or ending is Ending.UNKNOWN:
        return presumed(charge.worst, ending)
    tokens = Tokens(usage.input, usage.output, usage.cached, usage.cache_write, usage.reasoning)
    return Bill(is_settled=True, cost=charge.cost(attempt), ending=ending, tokens=tokens)


def presumed(worst: PicoUsd, ending: Ending = Ending.UNKNOWN) -> Bill:
    """The bill of a call whose end nobody learned."""
    return Bill(is_settled=False, cost=worst, ending=ending)


def open_call(
    session: Session, grant: Grant, scopes: Sequence[Scope], at: int, lease_until: int
) -> None:
    """Enter the reservation."""
    charge, purse = grant.charge, grant.charge.purse
    values = {
        "id": grant.id,
        "review_id": purse.review_id,
        "repository_id": purse.pull.repository_id,
        "number": purse.pull.number,
        "repository": purse.repository,
        "installation_id": purse.installation_id,
        "author_id": purse.author_id,
        "head_sha": purse.head_sha,
        "tier": charge.tier.value,
        "model": charge.model,
        "endpoint": charge.endpoint,
        "upstream": charge.upstream,
        "jurisdiction": charge.jurisdiction,
        "label": charge.label,
        "reason": charge.reason,
        "scopes": json.dumps([scope.name for scope in scopes]),
        "price": json.dumps(asdict(charge.price)),
        "worst": charge.worst,
        "state": "reserved",
        "reserved_at": at,
        "lease_until": lease_until,
    }
    marks = ", ".join("?" * len(values))
    sql = f"INSERT INTO calls ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - fixed names
    session.change(sql, *values.values())


def entry(session: Session, call_id: str) -> Entry:
    """A call's row; raises LedgerError for what was never reserved."""
    rows = session.rows(f"SELECT {_COLUMNS} FROM calls WHERE id = ?", call_id)  # noqa: S608 - fixed names
    if not rows:
        message = "a call was settled that was never reserved"
        raise LedgerError(message)
    row = Entry(*rows[0])
    return replace(row, scopes=tuple(json.loads(rows[0][-1])))


def expired(session: Session, now: int, most: int) -> list[str]:
    """The ids of reservations whose lease ran out."""
    rows = session.rows(
        "SELECT id FROM calls WHERE state = 'reserved' AND lease_until < ? ORDER BY id LIMIT ?",
        now,
        most,
    )
    return [call_id for (call_id,) in rows]


def close(session: Session, call_id: str, bill: Bill, attempt: Attempt, at: int) -> bool:
    """Close the call's row; False if it was closed before."""
    tokens = bill.tokens
    changed = session.change(
        "UPDATE calls SET state = ?, cost = ?, ending = ?, tokens_in = ?, tokens_out = ?,"
        " tokens_cached = ?, tokens_written = ?, tokens_thought = ?, model_answered = ?,"
        " latency_ms = ?, first_token_ms = ?, reported = ?, error = ?, settled_at = ?"
        " WHERE id = ? AND state = 'reserved'",
        "settled" if bill.is_settled else "presumed",
        bill.cost,
        bill.ending.value,
        *(tokens.input, tokens.output, tokens.cached, tokens.written, tokens.thought),
        attempt.model_answered[:200].replace("\0", ""),
        attempt.latency_ms,
        attempt.first_token_ms,
        attempt.reported,
        attempt.error[:200],
        at,
        call_id,
    )
    return changed == 1


def correct(session: Session, call_id: str, bill: Bill, attempt: Attempt, at: int) -> bool:
    """Write down the true cost of a call that was presumed; False if that was done before."""
    tokens = bill.tokens
    changed = session.change(
        "INSERT INTO corrections (call_id, at, cost, ending, tokens_in, tokens_out,"
        " tokens_cached, tokens_written, tokens_thought, model_answered)"
        " SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM calls WHERE id = ? AND state = 'presumed'"
        " ON CONFLICT DO NOTHING",
        at,
        bill.cost,
        bill.ending.value,
        *(tokens.input, tokens.output, tokens.cached, tokens.written, tokens.thought),
        attempt.model_answered[:200].replace("\0", ""),
        call_id,
    )
    return changed == 1
