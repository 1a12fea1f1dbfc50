"""Raw attempts, row by row, for spreadsheets and scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import plain_usd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.database import Database

_ROWS_AT_ONCE = 1_000
_NAMES = (
    "id",
    "reserved_at",
    "repository",
    "pull_request",
    "head_sha",
    "review_id",
    "author_id",
    "installation_id",
    "chunks",
    "tier",
    "model",
    "model_answered",
    "endpoint",
    "upstream",
    "jurisdiction",
    "escalation_reason",
    "state",
    "outcome",
    "error",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "tokens_written",
    "tokens_thought",
    "cost_usd",
    "bound_usd",
    "latency_ms",
    "first_token_ms",
    "corrected_at",
    "reported_usd",
)
_COLUMNS = (
    "c.id, c.reserved_at, c.repository, c.number, c.head_sha, c.review_id, c.author_id,"
    " c.installation_id, c.label, c.tier, c.model, COALESCE(k.model_answered, c.model_answered),"
    " c.endpoint, c.upstream, c.jurisdiction, c.reason,"
    " CASE WHEN k.call_id IS NULL THEN c.state ELSE 'settled' END,"
    " COALESCE(k.ending, c.ending), c.error, COALESCE(k.tokens_in, c.tokens_in),"
    " COALESCE(k.tokens_out, c.tokens_out), COALESCE(k.tokens_cached, c.tokens_cached),"
    " COALESCE(k.tokens_written, c.tokens_written), COALESCE(k.tokens_thought, c.tokens_thought),"
    " COALESCE(k.cost, c.cost), c.worst, c.latency_ms, c.first_token_ms, k.at,"
    " c.reported"
)
_TIMES = {"reserved_at", "corrected_at"}
_AMOUNTS = {"cost_usd", "bound_usd", "reported_usd"}


def names() -> tuple[str, ...]:
    """The columns, in order; scripts rely on them."""
    return _NAMES


def attempts(database: Database, since: int = 0, repository: str = "") -> Iterator[dict[str, Any]]:
    """Every attempt reserved since then (milliseconds since 1970), oldest first.

    Corrections are applied. Read in pieces, so that writers never wait for a long export.
    """
    at, last = since, ""
    only, values = (
        (" AND LOWER(c.repository) = ?", (repository.lower(),)) if repository else ("", ())
    )
    while True:
        with database.transaction() as session:
            rows = session.rows(
                f"SELECT {_COLUMNS} FROM calls c LEFT JOIN corrections k ON k.call_id = c.id"  # noqa: S608 - fixed names
                f" WHERE (c.reserved_at > ? OR (c.reserved_at = ? AND c.id > ?)){only}"
                " ORDER BY c.reserved_at, c.id LIMIT ?",
                at,
                at,
                last,
                *values,
                _ROWS_AT_ONCE,
            )
        for row in rows:
            yield {name: _plain(name, value) for name, value in zip(_NAMES, row, strict=True)}
        if len(rows) < _ROWS_AT_ONCE:
            return
        last, at = rows[-1][0], rows[-1][1]


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - a column's value
    if name in _TIMES:
        return "" if value is None else datetime.fromtimestamp(value / 1000, UTC).isoformat()
    if name in _AMOUNTS:
        return "" if value is None else plain_usd(value)
    return value
