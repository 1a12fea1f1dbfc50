"""Endpoints that an administrator took out of service: not called until they are released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import EndpointDrained
from reviewbot.domain.phrase import Phrase
from reviewbot.ledger import audit
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_LONGEST = 500  # characters of a text


@dataclass(frozen=True, slots=True)
class Drained:
    """Which endpoint is out of service since when (milliseconds since 1970), by whom, and why."""

    endpoint: str
    at: int
    who: str
    why: str


def drain(
    database: Database, endpoint: str, who: str, why: str, clock: Clock | None = None
) -> bool:
    """Grant no call of an endpoint from now on; False if it was out of service already.

    Calls that were granted before end as ever, and nobody's budget is touched.
    """
    at = (clock or Clock()).milliseconds()
    with database.transaction() as session:
        changed = session.change(
            "INSERT INTO drained_endpoints (endpoint, at, who, why) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            endpoint,
            at,
            who[:_LONGEST],
            why[:_LONGEST],
        )
        audit.note(session, audit.Decision(at, who, "drain", endpoint, why))
    return changed == 1


def refuse_drained(session: Session, endpoint: str) -> None:
    """Raise EndpointDrained for an endpoint out of service."""
    if session.rows("SELECT 1 FROM drained_endpoints WHERE endpoint = ?", endpoint):
        message = Phrase("an administrator took {endpoint} out of service", endpoint=endpoint)
        raise EndpointDrained(message, f"`reviewbot ledger release {endpoint}` ends it.")


def drained(database: Database) -> list[Drained]:
    """Every endpoint out of service."""
    with database.snapshot() as session:
        rows = session.rows(
            "SELECT endpoint, at, who, why FROM drained_endpoints ORDER BY endpoint"
        )
    return [Drained(*row) for row in rows]


def end(session: Session, endpoint: str) -> Drained | None:
    """Take an endpoint into service again; how it stood, None where it was in service."""
    rows = session.rows(
        "DELETE FROM drained_endpoints WHERE endpoint = ? RETURNING endpoint, at, who, why",
        endpoint,
    )
    return Drained(*rows[0]) if rows else None
