"""The switch that stops all spending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import SpendingStopped
from reviewbot.ledger.audit import Decision, note
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_LONGEST = 500
_SUBJECT = "all spending"  # in the audit log


@dataclass(frozen=True, slots=True)
class Stop:
    """Who stopped all spending, when (milliseconds since 1970), and why."""

    at: int
    actor: str
    why: str


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
            note(session, Decision(now, actor, "stop", _SUBJECT, why))
        return changed == 1

    def start(self, actor: str) -> bool:
        """Allow spending again; False if nothing was stopped."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            changed = session.change("DELETE FROM spending_stopped")
            note(session, Decision(now, actor, "start", _SUBJECT, ""))
        return changed > 0

    def stopped(self) -> Stop | None:
        """The stop that holds, or None."""
        with self._database.transaction() as session:
            return _stop(session)


def refuse_while_stopped(session: Session) -> None:
    """Raise SpendingStopped if the switch is set."""
    if stop := _stop(session):
        message = f"spending is stopped: {stop.why or 'no reason was given'}"
        raise SpendingStopped(message, "`reviewbot start` allows it again.")


def _stop(session: Session) -> Stop | None:
    rows = session.rows("SELECT at, actor, why FROM spending_stopped")
    return Stop(*rows[0]) if rows else None
