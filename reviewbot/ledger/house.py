"""What is kept once a ledger: its secret, flagged endpoints, and what is thrown away in time."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_SECRET_BYTES = 32


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


def flagged(database: Database) -> list[tuple[str, str]]:
    """Endpoints that billed more than was possible, and why they are flagged."""
    with database.transaction() as session:
        rows = session.rows("SELECT endpoint, why FROM flagged_endpoints ORDER BY endpoint")
    return [(endpoint, why) for endpoint, why in rows]


def tidy(
    database: Database, answers_days: float, calls_days: float, clock: Clock | None = None
) -> None:
    """Remove answers and ended calls older than so many days; counters are kept."""
    at = clock or Clock()
    with database.transaction() as session:
        session.change("DELETE FROM answers WHERE at < ?", at.milliseconds(-answers_days * 86_400))
        oldest = at.milliseconds(-calls_days * 86_400)
        session.change(
            "DELETE FROM corrections WHERE call_id IN"
            " (SELECT id FROM calls WHERE reserved_at < ? AND state <> 'reserved')",
            oldest,
        )
        session.change("DELETE FROM calls WHERE reserved_at < ? AND state <> 'reserved'", oldest)
