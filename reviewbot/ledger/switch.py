"""The switch that stops all spending, and the log of what administrators did."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import SpendingStopped
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Stop:
    """Who stopped all spending, when (milliseconds since 1970), and why."""

    at: int
    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act of an administrator."""

    at: int
    actor: str
    act: str
    detail: str


class Switch:
    """Stops and starts spending for every process on the same ledger."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def stop(self, actor: str, why: str) -> bool:
        """Refuse every reservation from now on; False if spending was stopped already."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            changed = session.change(
                "INSERT INTO spending_stopped (only_row, at, actor, why) VALUES (1, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                now,
                actor[:_LONGEST],
                why[:_LONGEST],
            )
            record_act(session, Act(now, actor, "stop", why))
        return changed == 1

    def start(self, actor: str) -> bool:
        """Allow spending again; False if nothing was stopped."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            changed = session.change("DELETE FROM spending_stopped")
            record_act(session, Act(now, actor, "start", ""))
        return changed > 0

    def stopped(self) -> Stop | None:
        """The stop that holds, or None."""
        with self._database.transaction() as session:
            return _stop(session)

    def acts(self, most: int = 100) -> list[Act]:
        """What administrators did, newest first."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT at, actor, act, detail FROM audit_log ORDER BY at DESC, id LIMIT ?", most
            )
        return [Act(*row) for row in rows]


def record_act(session: Session, act: Act) -> None:
    """Add to the log, in the transaction of the act itself."""
    session.change(
        "INSERT INTO audit_log (id, at, actor, act, detail) VALUES (?, ?, ?, ?, ?)",
        uuid.uuid4().hex,
        act.at,
        act.actor[:_LONGEST],
        act.act[:_LONGEST],
        act.detail[:_LONGEST],
    )


def refuse_while_stopped(session: Session) -> None:
    """Raise SpendingStopped if the switch is set."""
    if stop := _stop(session):
        message = f"spending is stopped: {stop.why or 'no reason was given'}"
        raise SpendingStopped(message, "`reviewbot start` allows it again.")


def _stop(session: Session) -> Stop | None:
    rows = session.rows("SELECT at, actor, why FROM spending_stopped")
    return Stop(*rows[0]) if rows else None
