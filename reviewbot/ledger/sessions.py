"""Sessions that people ended: whoever copied the cookie must not stay signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


class Sessions:
    """What every process on the same ledger knows of sessions that ended before their time."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def end(self, session_id: str, seconds: int) -> None:
        """End a session that would have lasted *seconds* more at the most."""
        with self._database.transaction() as session:
            now = self._clock.milliseconds()
            session.change("DELETE FROM ended_sessions WHERE until_at < ?", now)
            session.change(
                "INSERT INTO ended_sessions (id, until_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                session_id,
                self._clock.milliseconds(seconds),
            )

    def is_ended(self, session_id: str) -> bool:
        """Whether somebody ended it."""
        with self._database.snapshot() as session:
            return bool(session.rows("SELECT 1 FROM ended_sessions WHERE id = ?", session_id))
