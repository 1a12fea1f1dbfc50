"""Says what a review would cost, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PicoUsd, plain_usd
from reviewbot.review.conduct import prepare
from reviewbot.review.estimate import estimate
from reviewbot.review.foreseen import foresee

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.review.house import House
    from reviewbot.review.ports import Ports


@dataclass(frozen=True, slots=True)
class Quote:
    """What a review would cost in 10**-12 USD: median, nine of ten, every answer at its cap.

    *learned_from* says how many earlier reviews of the repository stand behind it.
    """

    pull: PullRequest
    chunks: int
    known: int  # chunks whose answers are stored: free
    tokens_in: int  # of the first reading
    p50: PicoUsd
    p90: PicoUsd
    bound: PicoUsd
    limit: PicoUsd  # of the pull request
    learned_from: int = 0


def as_json(quote: Quote) -> dict[str, Any]:
    """A quote in plain values; amounts are exact decimal strings in USD."""
    return {
        "pull_request": str(quote.pull),
        "chunks": quote.chunks,
        "known": quote.known,
        "tokens_in": quote.tokens_in,
        "p50_usd": plain_usd(quote.p50),
        "p90_usd": plain_usd(quote.p90),
        "bound_usd": plain_usd(quote.bound),
        "limit_usd": plain_usd(quote.limit),
        "learned_from_reviews": quote.learned_from,
    }


def quote_pull_request(request: ReviewRequest, ports: Ports, house: House) -> Quote:
    """Plan a review without asking anything; raises PolicyError and what the forge raises."""
    ready = prepare(request, ports, house)
    costs = estimate(ready, ports)
    expected = foresee(costs, ready.pull, ports)
    return Quote(
        pull=ready.pull,
        chunks=costs.chunks,
        known=costs.known,
        tokens_in=costs.tokens_in,
        p50=expected.p50,
        p90=expected.p90,
        bound=expected.bound,
        limit=ready.policy.budget.per_pr,
        learned_from=expected.learned_from,
    )
