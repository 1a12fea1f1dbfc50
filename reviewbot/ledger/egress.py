"""The record of what may have left for model endpoints: only added to, and removed when old.

A row is written with the reservation, before anything is sent: what left is in it for certain,
and a request that never reached its endpoint is in it too. The database refuses to change a row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.database import Database, Session
    from reviewbot.review.ports import Grant

_ROWS_AT_ONCE = 1_000
NAMES = (
    "call_id",
    "at",
    "repository_id",
    "repository",
    "pull_request",
    "endpoint",
    "jurisdiction",
    "bytes",
    "prompt_sha256",
    "redactions",
)


def record(session: Session, grant: Grant, at: int) -> None:
    """Enter what leaves under *grant*."""
    charge, purse = grant.charge, grant.charge.purse
    if charge.egress is None:
        return
    session.change(
        "INSERT INTO egress (call_id, at, repository_id, repository, number, endpoint,"
        " jurisdiction, bytes, digest, redactions) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        grant.id,
        at,
        purse.pull.repository_id,
        purse.repository,
        purse.pull.number,
        charge.endpoint,
        charge.jurisdiction,
        charge.egress.bytes,
        charge.egress.digest,
        charge.egress.redactions,
    )


def entries(database: Database, since: int = 0, repository: str = "") -> Iterator[dict[str, Any]]:
    """Every row since then (milliseconds since 1970), oldest first, read in pieces."""
    at, last = since, ""
    only, values = (" AND LOWER(repository) = ?", (repository.lower(),)) if repository else ("", ())
    while True:
        with database.transaction() as session:
            rows = session.rows(
                "SELECT call_id, at, repository_id, repository, number, endpoint, jurisdiction,"  # noqa: S608 - fixed names
                " bytes, digest, redactions FROM egress"
                f" WHERE (at > ? OR (at = ? AND call_id > ?)){only} ORDER BY at, call_id LIMIT ?",
                at,
                at,
                last,
                *values,
                _ROWS_AT_ONCE,
            )
        for row in rows:
            yield dict(zip(NAMES, row, strict=True)) | {"at": _day(row[1])}
        if len(rows) < _ROWS_AT_ONCE:
            return
        last, at = rows[-1][0], rows[-1][1]


def forget(database: Database, days: float, clock: Clock | None = None) -> None:
    """Remove what is older than so many days."""
    oldest = (clock or Clock()).milliseconds(-days * 86_400)
    with database.transaction() as session:
        session.change("DELETE FROM egress WHERE at < ?", oldest)


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
