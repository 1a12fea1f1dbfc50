"""What a review is forecast to cost, and how people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.forecast import Forecast, forecast
from reviewbot.domain.money import format_usd
from reviewbot.review.words import ENGLISH

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Report
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.review.estimate import Estimate
    from reviewbot.review.ports import Ports
    from reviewbot.review.words import Words


def foresee(costs: Estimate, pull: PullRequest, ports: Ports) -> Forecast:
    """What the review will cost, by its plan and by how the repository's past ones came out."""
    return forecast(costs.p50, costs.p90, costs.bound, ports.journal.past(pull.key))


def told(expected: Forecast, say: Words = ENGLISH) -> str:
    """One line, while the review is under way and while it waits for approval."""
    p50, p90 = format_usd(expected.p50), format_usd(expected.p90)
    if not expected.learned_from:
        return say("Forecast: p50 {p50}, p90 {p90} (by its plan alone)", p50=p50, p90=p90)
    return say(
        "Forecast: p50 {p50}, p90 {p90} (by its plan and {count} earlier reviews here)",
        one="Forecast: p50 {p50}, p90 {p90} (by its plan and {count} earlier review here)",
        p50=p50,
        p90=p90,
        count=expected.learned_from,
    )


def forecast_line(report: Report, say: Words) -> str:
    """The forecast beside what the review cost; empty where nobody foresaw it."""
    if report.forecast is None:
        return ""
    cost = format_usd(report.bill.spent + report.bill.presumed)
    return say("{forecast}; it cost {usd}.", forecast=told(report.forecast, say), usd=cost)
