"""What the overview and a repository's page have in common: a time, its days, and its models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.entrypoints.dashboard.figures import BASIS_DAYS, forecast, routing
from reviewbot.entrypoints.dashboard.page import Figure, counted, models_table, saved_figures, trend
from reviewbot.entrypoints.dashboard.table import NOTHING, percent
from reviewbot.ledger import insight
from reviewbot.ledger.forecasts import accuracies
from reviewbot.ledger.insight import Group
from reviewbot.ledger.sight import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from reviewbot.entrypoints.dashboard.page import Asked
    from reviewbot.entrypoints.dashboard.table import Table
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.forecasts import Accuracy
    from reviewbot.ledger.insight import Line, UnderWay
    from reviewbot.ledger.sight import Sight


@dataclass(frozen=True, slots=True)
class Period:
    """The sums of a time within sight, and what both pages show of them."""

    days: Sequence[Line]
    by_model: Sequence[Line]
    waiting: Sequence[UnderWay]
    month: tuple[Figure, ...]
    accuracies: Sequence[Accuracy]  # all together, then each repository
    strong: str  # the model that everything could have been read by; empty without one
    asked: Asked

    @property
    def figures(self) -> tuple[Figure, ...]:
        """This month, and what was saved."""
        routed = routing(self.by_model, self.strong)
        saved = saved_figures(sum(day.saved for day in self.days), routed)
        return (*self.month, *saved)

    def accuracy(self, link: str = "") -> Figure:
        """How far off the forecasts of single reviews were."""
        return _accuracy(self.accuracies[0], link)

    @property
    def cost_of_reviews(self) -> int:
        """Without questions, in 10**-12 USD."""
        return sum(day.cost_of_reviews for day in self.days)

    def trend(self) -> tuple[Markup, Table]:
        """Costs by day, as plot and as table."""
        return trend(self.days, self.asked)

    def models(self) -> Table:
        """Costs by tier and model."""
        reserved: dict[tuple[str, str], int] = {}
        for each in self.waiting:
            key = (each.tier, each.model)
            reserved[key] = reserved.get(key, 0) + each.worst
        return models_table(self.by_model, reserved)


def read_period(session: Session, asked: Asked, sight: Sight, strong: str) -> Period:
    """Everything in one snapshot."""
    waiting = insight.under_way(session, sight)
    return Period(
        days=_every_day(session, asked.span, sight),
        by_model=insight.lines(session, Group.MODEL, asked.span, sight),
        waiting=waiting,
        month=_month(session, sight, asked, waiting),
        accuracies=accuracies(session, asked.span, sight),
        strong=strong,
        asked=asked,
    )


def _every_day(session: Session, span: Span, sight: Sight) -> list[Line]:
    """A line for each day, also where nothing was spent."""
    found = {line.key[0]: line for line in insight.lines(session, Group.DAY, span, sight)}
    days = [f"{span.first + timedelta(days=n)}" for n in range(span.days)]
    return [found.get(day) or insight.nothing((day,)) for day in days]


def _month(
    session: Session, sight: Sight, asked: Asked, waiting: Sequence[UnderWay]
) -> tuple[Figure, ...]:
    """This month so far, what may come on top, and where it is going."""
    now, today = asked.now, asked.now.date()
    basis = Span(min(today.replace(day=1), today - timedelta(days=BASIS_DAYS)), today)
    lines = insight.lines(session, Group.DAY, basis, sight)
    costs = {line.key[0]: line.cost for line in lines}
    month = [line for line in lines if line.key[0].startswith(f"{today:%Y-%m}")]
    expected = forecast(costs, now, insight.first_day(session, sight))
    reserved = sum(each.worst for each in waiting)
    reviews, questions = (sum(getattr(day, n) for day in month) for n in ("reviews", "questions"))
    besides = f" and {counted(questions, 'question')}" if questions else ""
    this_month = asked.query_of(today.replace(day=1), today)
    return (
        Figure(
            "This month",
            format_usd(sum(line.spent for line in month)),
            f"settled, in {counted(reviews, 'review')}{besides}",
            link=this_month,
        ),
        Figure(
            "Presumed",
            format_usd(sum(line.presumed for line in month)),
            "calls whose end nobody learned, at their worst case",
            link=this_month,
        ),
        Figure(
            "Reserved now",
            format_usd(reserved),
            f"{counted(len(waiting), 'call')} under way, at most",
            link="#models",
        ),
        Figure(
            "Forecast",
            format_usd(expected),
            f"for {now:%B}, at the pace of the last {BASIS_DAYS} days",
            link="#days",
        ),
    )


def _accuracy(of: Accuracy, link: str) -> Figure:
    if not of.reviews:
        return Figure("Reviews within p90", NOTHING, "no review was forecast in this time")
    return Figure(
        "Reviews within p90",
        percent(of.within_p90, of.reviews),
        f"of {of.reviews:,} forecast ones (aim: 90 %); median error {of.error / 10:.0f} %",
        link=link,
    )
