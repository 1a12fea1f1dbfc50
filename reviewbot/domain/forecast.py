"""Forecasts of a review's cost: the plan's estimate, corrected by how earlier ones came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from collections.abc import Sequence

LEARNED_FROM = 50  # earlier reviews at the most: prices, models and habits change
_PRIOR = 8  # how many reviews the plan's own estimate counts for


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier review of the repository: what its plan's median was, and what it cost."""

    planned: PicoUsd
    cost: PicoUsd


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a review will cost in 10**-12 USD: median, nine of ten, and never more than *bound*.

    *planned* is the plan's own median; *learned_from* says how many earlier reviews corrected it.
    """

    planned: PicoUsd
    p50: PicoUsd
    p90: PicoUsd
    bound: PicoUsd
    learned_from: int = 0


def forecast(p50: PicoUsd, p90: PicoUsd, bound: PicoUsd, past: Sequence[Past]) -> Forecast:
    """The plan's *p50* and *p90* and those of the past, weighted by how much past there is.

    Each earlier review says what this one costs if it turns out like that one.
    """
    like = sorted(p50 * each.cost // each.planned for each in past if each.planned > 0)
    median, ninth = _blended(p50, like, 50), _blended(p90, like, 90)
    most = min(max(median, ninth), bound)
    return Forecast(p50, PicoUsd(min(median, most)), PicoUsd(most), bound, len(like))


def _blended(plan: int, like: Sequence[int], per_cent: int) -> int:
    if not like:
        return plan
    quantile = like[-(-len(like) * per_cent // 100) - 1]
    return (_PRIOR * plan + len(like) * quantile) // (_PRIOR + len(like))
