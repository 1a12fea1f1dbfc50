"""What administrators decided about money; rows are only added."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what about which subject, why, and how it stood before."""

    at: int  # milliseconds since 1970
    who: str
    action: str
    subject: str
    why: str
    before: str = ""


def note(session: Session, decision: Decision) -> None:
    """Write a decision down."""
    session.change(
        "INSERT INTO audit (id, at, who, action, subject, why, before)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        uuid.uuid4().hex,
        decision.at,
        decision.who,
        decision.action,
        decision.subject,
        decision.why,
        decision.before,
    )


def decisions(database: Database) -> list[Decision]:
    """All of them, the newest first."""
    with database.transaction() as session:
        rows = session.rows(
            "SELECT at, who, action, subject, why, before FROM audit ORDER BY at DESC, id"
        )
    return [Decision(*row) for row in rows]
