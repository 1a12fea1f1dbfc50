"""Forecasts that were made, what became of them, and how far they were off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.forecast import LEARNED_FROM, Forecast, Past
from reviewbot.domain.money import PicoUsd
from reviewbot.ledger.histogram import middle_of, percentile
from reviewbot.ledger.rollups import Foreseen, add_foreseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight, Span

_WHOLE = 1000  # per mille
_LEARNABLE = "complete = 1 AND starved = 0 AND planned > 0"


def past_of(session: Session, repository_id: int) -> list[Past]:
    """The latest reviews of a repository that planned something and had the money for it."""
    rows = session.rows(
        f"SELECT planned, cost FROM reviews WHERE repository_id = ? AND {_LEARNABLE}"  # noqa: S608 - fixed text
        " ORDER BY closed_at DESC, id DESC LIMIT ?",
        repository_id,
        LEARNED_FROM,
    )
    return [Past(PicoUsd(planned), PicoUsd(cost)) for planned, cost in rows if cost]


def record(session: Session, review_id: str, forecast: Forecast) -> Forecast:
    """Write a review's forecast down; returns the first that was written."""
    session.change(
        "UPDATE reviews SET planned = ?, foreseen_p50 = ?, foreseen_p90 = ?, bound = ?,"
        " learned_from = ? WHERE id = ? AND planned IS NULL",
        forecast.planned,
        forecast.p50,
        forecast.p90,
        forecast.bound,
        forecast.learned_from,
        review_id,
    )
    [row] = session.rows(
        "SELECT planned, foreseen_p50, foreseen_p90, bound, learned_from FROM reviews WHERE id = ?",
        review_id,
    )
    return Forecast(*row)


def judge(session: Session, review_id: str) -> None:
    """Add a closed review to the sums of how good forecasts are.

    A review that ran out of money, or that had nothing to ask, says nothing of its forecast.
    """
    rows = session.rows(
        "SELECT repository_id, opened_at, foreseen_p50, foreseen_p90, cost FROM reviews"  # noqa: S608 - fixed text
        f" WHERE id = ? AND cost > 0 AND foreseen_p50 > 0 AND {_LEARNABLE}",
        review_id,
    )
    for repository_id, at, p50, p90, cost in rows:
        add_foreseen(session, repository_id, at, Foreseen(p50, p90, cost))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good forecasts were: amounts are 10**-12 USD, errors per mille of what was foreseen.

    *error* is the median of how far reviews were from p50, either way; *lean* the median of
    which way: above zero they cost more.
    """

    repository_id: int | None  # None: all of them
    reviews: int
    within_p90: int
    foreseen: PicoUsd
    cost: PicoUsd
    error: int
    lean: int


def accuracies(session: Session, span: Span, sight: Sight) -> list[Accuracy]:
    """All repositories within sight together, then each, those with the most reviews first."""
    when, values = span.condition()
    rows = session.rows(
        "SELECT repository_id, bucket, SUM(reviews), SUM(within_p90), SUM(foreseen), SUM(cost)"  # noqa: S608 - fixed texts and integers
        f" FROM forecasts WHERE {when} AND {sight.condition()} GROUP BY repository_id, bucket",
        *values,
    )
    everything: list[Sequence[int]] = []
    by_repository: dict[int, list[Sequence[int]]] = {}
    for repository_id, *counts in rows:
        numbers = [int(each) for each in counts]
        everything.append(numbers)
        by_repository.setdefault(int(repository_id), []).append(numbers)
    found = [_accuracy(repository_id, each) for repository_id, each in by_repository.items()]
    found.sort(key=lambda each: (-each.reviews, each.repository_id or 0))
    return [_accuracy(None, everything), *found]


def _accuracy(repository_id: int | None, rows: Iterable[Sequence[int]]) -> Accuracy:
    counts: dict[int, int] = {}
    errors: dict[int, int] = {}
    sums = [0, 0, 0, 0]
    for bucket, *amounts in rows:
        lean = middle_of(bucket) - _WHOLE
        counts[lean] = counts.get(lean, 0) + amounts[0]
        errors[abs(lean)] = errors.get(abs(lean), 0) + amounts[0]
        sums = [one + more for one, more in zip(sums, amounts, strict=True)]
    reviews, within, foreseen, cost = sums
    return Accuracy(
        repository_id,
        reviews,
        within,
        PicoUsd(foreseen),
        PicoUsd(cost),
        percentile(errors, 50) or 0,
        percentile(counts, 50) or 0,
    )
