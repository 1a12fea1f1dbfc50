"""Endpoints that billed more than was possible: not called until an administrator says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.errors import EndpointQuarantined, UsageError
from reviewbot.domain.phrase import Phrase
from reviewbot.ledger import audit, counters, drains
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session


def flag(session: Session, endpoint: str, why: str, at: int) -> None:
    """Put an endpoint under quarantine; the first reason stays."""
    session.change(
        "INSERT INTO flagged_endpoints (endpoint, at, why) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        endpoint,
        at,
        why,
    )


def refuse_flagged(session: Session, endpoint: str) -> None:
    """Raise EndpointQuarantined for an endpoint under quarantine."""
    if session.rows("SELECT 1 FROM flagged_endpoints WHERE endpoint = ?", endpoint):
        message = Phrase(
            "{endpoint} is under quarantine: it billed more than was possible", endpoint=endpoint
        )
        raise EndpointQuarantined(message, f"`reviewbot ledger release {endpoint}` ends it.")


def flagged(database: Database) -> list[tuple[str, str]]:
    """Endpoints under quarantine, and what they did."""
    with database.snapshot() as session:
        rows = session.rows("SELECT endpoint, why FROM flagged_endpoints ORDER BY endpoint")
    return [(endpoint, why) for endpoint, why in rows]


def release(
    database: Database, endpoint: str, who: str, why: str, clock: Clock | None = None
) -> int:
    """Let an endpoint be called again, whatever kept it out of service; raises UsageError.

    Who said so is written down. Pull requests that were closed because of it are open again:
    returns how many. What was billed stays recorded in full.
    """
    at = (clock or Clock()).milliseconds()
    with database.transaction() as session:
        rows = session.rows("SELECT why FROM flagged_endpoints WHERE endpoint = ?", endpoint)
        before = [why_flagged for (why_flagged,) in rows]
        if was := drains.end(session, endpoint):
            before.append(f"drained: {was.why}")
        if not before:
            message = f"the endpoint {endpoint!r} is under no quarantine, and was not drained"
            raise UsageError(message, "`reviewbot doctor` names those that are.")
        session.change("DELETE FROM flagged_endpoints WHERE endpoint = ?", endpoint)
        audit.note(session, audit.Decision(at, who, "release", endpoint, why, "; ".join(before)))
        return counters.reopen(session, endpoint)
