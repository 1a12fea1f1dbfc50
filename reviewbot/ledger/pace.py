"""How long endpoints take to answer: percentiles out of the timings kept while calls ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.ledger.histogram import middle_of, percentile
from reviewbot.ledger.rollups import ANSWER, FIRST_TOKEN

if TYPE_CHECKING:
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight, Span


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds, to within seven per cent; None where nothing was timed."""

    p50: int | None = None
    p95: int | None = None
    p99: int | None = None
    first_token_p50: int | None = None
    first_token_p95: int | None = None


def paces(session: Session, span: Span, sight: Sight) -> dict[str, Pace]:
    """Each endpoint's, over answers within sight."""
    when, values = span.condition()
    rows = session.rows(
        "SELECT endpoint, measure, bucket, SUM(calls) FROM timings"  # noqa: S608 - fixed texts and integers
        f" WHERE {when} AND {sight.condition()} GROUP BY endpoint, measure, bucket",
        *values,
    )
    found: dict[str, dict[str, dict[int, int]]] = {}
    for endpoint, measure, bucket, calls in rows:
        counts = found.setdefault(endpoint, {ANSWER: {}, FIRST_TOKEN: {}})
        counts[measure][middle_of(int(bucket))] = int(calls)
    return {
        endpoint: Pace(
            *(percentile(counts[ANSWER], rank) for rank in (50, 95, 99)),
            *(percentile(counts[FIRST_TOKEN], rank) for rank in (50, 95)),
        )
        for endpoint, counts in found.items()
    }
