"""What is kept once a ledger: its secret; and what is thrown away in time."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_SECRET_BYTES = 32
_LONGEST_PERIOD_DAYS = 62  # no counter of a month or a review is needed longer


def secret_of(database: Database) -> bytes:
    """The ledger's own secret, made once; every worker on the same database has the same."""
    adopt_secret(database, secrets.token_bytes(_SECRET_BYTES))
    with database.transaction() as session:
        [(value,)] = session.rows("SELECT value FROM settings_of_ledger WHERE name = 'secret'")
    return bytes.fromhex(value)


def adopt_secret(database: Database, secret: bytes) -> None:
    """Let a new ledger begin with this secret; one that has a secret keeps it."""
    with database.transaction() as session:
        session.change(
            "INSERT INTO settings_of_ledger (name, value) VALUES ('secret', ?)"
            " ON CONFLICT DO NOTHING",
            secret.hex(),
        )


def tidy(
    database: Database, answers_days: float, calls_days: float, clock: Clock | None = None
) -> None:
    """Remove answers and raw calls that are older than so many days.

    What counts is kept: sums, the counters of pull requests, and whatever is not closed yet.
    """
    at = clock or Clock()
    oldest = at.milliseconds(-calls_days * 86_400)
    with database.transaction() as session:
        session.change("DELETE FROM answers WHERE at < ?", at.milliseconds(-answers_days * 86_400))
        session.change(
            "DELETE FROM corrections WHERE call_id IN"
            " (SELECT id FROM calls WHERE reserved_at < ? AND state <> 'reserved')",
            oldest,
        )
        session.change("DELETE FROM calls WHERE reserved_at < ? AND state <> 'reserved'", oldest)
        session.change("DELETE FROM alerts WHERE at < ?", oldest)
        session.change(
            "DELETE FROM budgets WHERE scope NOT LIKE ? AND reserved = 0 AND begun_at < ?",
            "pr:%",
            min(oldest, at.milliseconds(-_LONGEST_PERIOD_DAYS * 86_400)),
        )
