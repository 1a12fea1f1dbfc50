"""Brings a database to the schema of this version."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_PURPOSE = 7_265_101  # of the lock: any number that nobody else takes


def migrate(database: Database, up_to: str = "") -> None:
    """Apply what is missing, in order, all or nothing; raises LedgerError for a newer schema.

    *up_to* names the last step to take; without it all are taken.
    """
    steps = {name: sql for name, sql in migrations().items() if not up_to or name <= up_to}
    with database.transaction() as session:
        session.exclusively(_PURPOSE)
        session.change("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        done = {name for (name,) in session.rows("SELECT name FROM migrations")}
        if unknown := done - set(steps):
            message = f"the database was written by a newer reviewbot ({max(unknown)})"
            raise LedgerError(message, "Upgrade this reviewbot, or restore a backup.")
        for name, sql in steps.items():
            if name not in done:
                database.script(session, sql + own_part(name, database.dialect))
                session.change("INSERT INTO migrations (name) VALUES (?)", name)


def own_part(name: str, dialect: str) -> str:
    """What a step says to one kind of database alone: triggers, for they have no common words."""
    file = resources.files(__package__) / "migrations" / dialect / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def migrations() -> dict[str, str]:
    """The SQL of every step by name, in order."""
    folder = resources.files(__package__) / "migrations"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda f: f.name
    )
    return {file.name: file.read_text(encoding="utf-8") for file in files}
