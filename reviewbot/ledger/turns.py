"""What only one process does at a time, and deliveries that were asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_LEASE_SECONDS = 600.0


class Turns:
    """Whose turn it is, by the name of what is to be done."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def take(self, name: str, owner: str, rest: float = 0.0) -> bool:
        """Take the turn unless somebody has it, or it ended less than *rest* seconds ago."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO turns (name, owner, until_at) VALUES (?, '', 0)"
                " ON CONFLICT DO NOTHING",
                name,
            )
            taken = session.change(
                "UPDATE turns SET owner = ?, until_at = ? WHERE name = ? AND until_at < ?"
                " AND last_end <= ?",
                owner,
                self._clock.milliseconds(_LEASE_SECONDS),
                name,
                now,
                self._clock.milliseconds(-rest),
            )
        return taken == 1

    def end(self, name: str, owner: str) -> None:
        """It is done."""
        with self._database.transaction() as session:
            session.change(
                "UPDATE turns SET owner = '', until_at = 0, last_end = ?"
                " WHERE name = ? AND owner = ?",
                self._clock.milliseconds(),
                name,
                owner,
            )


class Redeliveries:
    """Remembers which deliveries were asked for again: nobody asks twice."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def intend(self, guid: str) -> bool:
        """Whether it is the first time."""
        with self._database.transaction() as session:
            fresh = session.change(
                "INSERT INTO redeliveries (guid, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                guid,
                self._clock.milliseconds(),
            )
        return fresh == 1

    def forget(self, guid: str) -> None:
        """GitHub did not take the request."""
        with self._database.transaction() as session:
            session.change("DELETE FROM redeliveries WHERE guid = ?", guid)

    def tidy(self, days: float) -> None:
        """Forget those older than GitHub's own log."""
        with self._database.transaction() as session:
            session.change(
                "DELETE FROM redeliveries WHERE at < ?", self._clock.milliseconds(-days * 86_400)
            )
