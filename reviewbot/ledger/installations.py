"""Which installations, and which repositories in them, are worked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.ledger.database import Database, Session

ACTIVE, REMOVED = "active", "removed"

# True of a row of the desk, or of another table with these columns, that nobody works for any more.
GONE = (
    "(EXISTS (SELECT 1 FROM installations AS i"
    " WHERE i.id = {row}.installation_id AND i.standing <> 'active')"
    " OR EXISTS (SELECT 1 FROM installation_repositories AS r"
    " WHERE r.installation_id = {row}.installation_id AND r.repository_id = {row}.repository_id"
    " AND r.standing <> 'active'))"
)
# The same of one that must not be worked on, as that may cost something.
HALTED = f"(EXISTS (SELECT 1 FROM spending_stopped) OR {GONE})"  # noqa: S608 - fixed texts

_DROP_COMMANDS = "UPDATE commands SET state = 'done', said = '', error = '', owner = ''"


class Installations:
    """Remembers how installations stand; what nobody spoke of is active.

    Events may come late and in any order: *at* is GitHub's time of the change, and what is
    older than what is known changes nothing. 0 stands for now.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def set(self, installation_id: int, standing: str, at: int = 0) -> None:
        """An installation stands so; work for one that is gone is taken off the desk."""
        with self._database.transaction() as session:
            changed = session.change(
                "INSERT INTO installations (id, standing, at) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET standing = excluded.standing, at = excluded.at"
                " WHERE excluded.at >= installations.at",
                installation_id,
                standing,
                at or self._clock.milliseconds(),
            )
            if changed and standing == REMOVED:
                session.change(
                    "UPDATE desk SET done = wanted WHERE installation_id = ?", installation_id
                )
                session.change(
                    f"{_DROP_COMMANDS} WHERE installation_id = ? AND state = 'waiting'",
                    installation_id,
                )

    def change(
        self, installation_id: int, added: Iterable[int], removed: Iterable[int], at: int = 0
    ) -> None:
        """Repositories came or went."""
        moment = at or self._clock.milliseconds()
        with self._database.transaction() as session:
            for repository_id in added:
                self._move(session, installation_id, repository_id, ACTIVE, moment)
            for repository_id in removed:
                if self._move(session, installation_id, repository_id, REMOVED, moment):
                    session.change(
                        "UPDATE desk SET done = wanted WHERE installation_id = ?"
                        " AND repository_id = ?",
                        installation_id,
                        repository_id,
                    )
                    session.change(
                        f"{_DROP_COMMANDS} WHERE installation_id = ? AND repository_id = ?"
                        " AND state = 'waiting'",
                        installation_id,
                        repository_id,
                    )

    def _move(
        self, session: Session, installation_id: int, repository_id: int, standing: str, at: int
    ) -> int:
        return session.change(
            "INSERT INTO installation_repositories (installation_id, repository_id, standing, at)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (installation_id, repository_id)"
            " DO UPDATE SET standing = excluded.standing, at = excluded.at"
            " WHERE excluded.at >= installation_repositories.at",
            installation_id,
            repository_id,
            standing,
            at,
        )

    def stopped(self) -> list[tuple[int, str]]:
        """Installations that are not worked for, and how they stand."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT id, standing FROM installations WHERE standing <> 'active' ORDER BY id"
            )
        return [(number, standing) for number, standing in rows]
