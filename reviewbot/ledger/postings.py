"""Remembers every write to GitHub before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.posting import Intent, Knowledge
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


class Postings:
    """The port ``Postbook`` on a database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def intend(self, key: str) -> Intent:
        """Record the intent in a commit of its own; what was known before decides the answer."""
        with self._database.transaction() as session:
            fresh = session.change(
                "INSERT INTO postings (key, state, at) VALUES (?, 'intended', ?)"
                " ON CONFLICT DO NOTHING",
                key,
                self._clock.milliseconds(),
            )
            if fresh:
                return Intent(Knowledge.FRESH)
            [(state, external_id, url)] = session.rows(
                "SELECT state, external_id, url FROM postings WHERE key = ?", key
            )
        if state == "done":
            return Intent(Knowledge.DONE, external_id, url)
        return Intent(Knowledge.UNKNOWN)

    def done(self, key: str, external_id: str, url: str) -> None:
        """Record that the write stands."""
        with self._database.transaction() as session:
            session.change(
                "UPDATE postings SET state = 'done', external_id = ?, url = ?, at = ?"
                " WHERE key = ?",
                external_id,
                url,
                self._clock.milliseconds(),
                key,
            )

    def forget(self, key: str) -> None:
        """Record that the write was refused: nothing stands."""
        with self._database.transaction() as session:
            session.change("DELETE FROM postings WHERE key = ?", key)
