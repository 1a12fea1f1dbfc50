"""What administrators decided; rows are only added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.ledger.naming import new_id

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_LONGEST = 500  # characters of a text


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
        new_id(),
        decision.at,
        *(text[:_LONGEST] for text in _texts(decision)),
    )


def _texts(decision: Decision) -> tuple[str, ...]:
    return decision.who, decision.action, decision.subject, decision.why, decision.before


def decisions(database: Database, most: int = 1_000) -> list[Decision]:
    """At most so many of them, the newest first."""
    with database.transaction() as session:
        rows = session.rows(
            "SELECT at, who, action, subject, why, before FROM audit"
            " ORDER BY at DESC, id DESC LIMIT ?",
            most,
        )
    return [Decision(*row) for row in rows]
