"""What is known of single pull requests: their reviews, reports, findings and calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight

MOST_CALLS = 2_000


@dataclass(frozen=True, slots=True)
class PastReview:
    """A review as it was recorded; *report* is empty until it is closed.

    What it was forecast to cost is None where nobody foresaw it.
    """

    id: str
    repository: str
    head_sha: str
    cause: str
    state: str
    opened_at: int  # milliseconds since 1970
    closed_at: int | None
    saved: PicoUsd
    foreseen_p50: PicoUsd | None
    foreseen_p90: PicoUsd | None
    is_starved: bool
    cost: PicoUsd  # of its calls; as it was when it was closed, where they are kept no more
    report: dict[str, Any]

    @property
    def findings(self) -> Sequence[dict[str, Any]]:
        """Its findings with their fates."""
        found: Sequence[dict[str, Any]] = self.report.get("findings", ())
        return found


@dataclass(frozen=True, slots=True)
class PastCall:
    """One HTTP attempt, with its correction applied."""

    id: str
    review_id: str
    repository_id: int
    repository: str
    number: int
    reserved_at: int  # milliseconds since 1970
    latency_ms: int
    first_token_ms: int
    chunks: str
    tier: str
    model: str
    endpoint: str
    reason: str
    state: str
    outcome: str
    error: str
    tokens_in: int
    tokens_out: int
    cost: PicoUsd
    worst: PicoUsd


def reviews_of(
    session: Session, repository_id: int, number: int, most: int = 100
) -> list[PastReview]:
    """The newest reviews of a pull request, the newest first."""
    rows = session.rows(
        "SELECT id, repository, head_sha, cause, state, opened_at, closed_at, saved,"
        " foreseen_p50, foreseen_p90, starved,"
        " COALESCE((SELECT SUM(b.cost) FROM bills b WHERE b.review_id = r.id), r.cost), report"
        " FROM reviews r WHERE repository_id = ? AND number = ?"
        " ORDER BY opened_at DESC, id DESC LIMIT ?",
        repository_id,
        number,
        most,
    )
    return [
        PastReview(*(*plain, bool(is_starved), PicoUsd(int(cost)), _report(report)))
        for *plain, is_starved, cost, report in rows
    ]


def _report(text: str) -> dict[str, Any]:
    report = json.loads(text) if text else {}
    return report if isinstance(report, dict) else {}


_CALLS = (
    "SELECT c.id, c.review_id, c.repository_id, c.repository, c.number, c.reserved_at,"
    " c.latency_ms, c.first_token_ms, c.label, c.tier, c.model, c.endpoint, c.reason, b.state,"
    " b.ending, c.error, b.tokens_in, b.tokens_out, b.cost, c.worst"
    " FROM calls c JOIN bills b ON b.id = c.id"
)


def calls_of(session: Session, pull: tuple[int, int], review_ids: Sequence[str]) -> list[PastCall]:
    """The newest calls of these reviews of a pull request and of questions about it, by time."""
    marks = ", ".join("?" * len(review_ids)) or "NULL"
    rows = session.rows(
        f"{_CALLS} WHERE c.review_id IN ({marks}) ORDER BY c.reserved_at DESC, c.id DESC LIMIT ?",
        *review_ids,
        MOST_CALLS,
    )
    asked = session.rows(
        f"{_CALLS} WHERE c.reason IN ('ask', 'describe', 'improve')"
        # Without the sum SQLite looks through all calls of a repository for the sake of the order.
        " AND c.repository_id = ? AND c.number = ?"
        " ORDER BY c.reserved_at + 0 DESC, c.id DESC LIMIT ?",
        *pull,
        MOST_CALLS,
    )
    found = [PastCall(*row) for row in (*rows, *asked)]
    return sorted(found, key=lambda call: (call.reserved_at, call.id))[-MOST_CALLS:]


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Calls reserved from *begin* until before *end* (milliseconds since 1970).

    *after* is time and id of the last call of the page before; *number* 0 is every pull request.
    """

    sight: Sight
    begin: int
    end: int
    after: tuple[int, str] = (0, "")
    number: int = 0
    most: int = 100


def calls_between(session: Session, query: CallQuery) -> list[PastCall]:
    """One page of calls, by time."""
    at, last = max((query.begin, ""), query.after)
    only, number = (" AND c.number = ?", [query.number]) if query.number else ("", [])
    rows = session.rows(
        f"{_CALLS} WHERE {query.sight.condition('c.repository_id')} AND c.reserved_at >= ?"
        f" AND c.reserved_at < ? AND (c.reserved_at > ? OR c.id > ?){only}"
        " ORDER BY c.reserved_at, c.id LIMIT ?",
        at,
        query.end,
        at,
        last,
        *number,
        query.most,
    )
    return [PastCall(*row) for row in rows]
