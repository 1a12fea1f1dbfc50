"""Small things that are worth knowing after a restart, and to other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


class Facts:
    """One text for each kind and name; safe between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def value(self, kind: str, name: str) -> str:
        """What is kept; empty where nothing is."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT value FROM settings_of_ledger WHERE name = ?", _key(kind, name)
            )
        return str(rows[0][0]) if rows else ""

    def keep(self, kind: str, name: str, value: str) -> bool:
        """Keep it instead of what was there; False where it was there already."""
        with self._database.transaction() as session:
            changed = session.change(
                "INSERT INTO settings_of_ledger (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
                " WHERE settings_of_ledger.value <> excluded.value",
                _key(kind, name),
                value,
            )
        return changed == 1


def _key(kind: str, name: str) -> str:
    return f"{kind}:{name}"
