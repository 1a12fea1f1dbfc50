"""Figures that are worked out of sums: the month's forecast, and what routing saved."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reviewbot.ledger.insight import Line

BASIS_DAYS = 28  # four weeks, so that each day of the week counts alike
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Routing:
    """What cheap-first cost, and what the strong model alone would have; of settled calls."""

    model: str
    spent: PicoUsd
    instead: PicoUsd

    @property
    def saved(self) -> PicoUsd:
        """Negative where the strong model alone would have been cheaper."""
        return PicoUsd(self.instead - self.spent)


def routing(by_model: Sequence[Line], strong: str) -> Routing | None:
    """None where there is no strong model, or nothing was asked.

    The cheap tier reads everything once, so its tokens are what the strong one would have read.
    Questions go to the strong tier either way.
    """
    read = [line for line in by_model if line.key[0] == Tier.CHEAP]
    if not strong or not read:
        return None
    spent = sum(line.spent - line.asked for line in by_model)
    return Routing(strong, PicoUsd(spent), PicoUsd(sum(line.instead for line in read)))


def forecast(by_day: Mapping[str, int], now: datetime, first_day: str) -> PicoUsd:
    """What the month will have cost at its end: what it did, and the rest at the usual pace.

    The pace is the mean of the four weeks before today, or of as many days as there were.
    """
    today = now.date()
    month = f"{today:%Y-%m}"
    so_far = sum(cost for day, cost in by_day.items() if day.startswith(month))
    days = [f"{today - timedelta(days=back)}" for back in range(1, BASIS_DAYS + 1)]
    basis = [by_day.get(day, 0) for day in days if first_day and day >= first_day]
    if not basis:
        return PicoUsd(so_far)
    length = calendar.monthrange(today.year, today.month)[1]
    gone = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).seconds
    left = (length - today.day + 1) * _DAY_SECONDS - gone
    return PicoUsd(so_far + sum(basis) * left // (len(basis) * _DAY_SECONDS))
