"""What people read when money did not suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.domain.outcome import Coverage

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Report


def budget_lines(report: Report) -> list[str]:
    """What money did not suffice for, with figures; nothing where it did."""
    receipt = report.receipt
    if not report.shortages:
        return []
    segments = receipt.count(Coverage.OVER_BUDGET)
    lines = receipt.added_lines(Coverage.OVER_BUDGET)
    looks = sum(escalation.over_budget for escalation in report.escalations)
    parts = [f"{segments} segments ({lines} added lines) not read"] if segments else []
    parts += [f"{looks} second looks not done"] if looks else []
    limits = [
        f"the budget of {each.scope} refused {each.refused} calls"
        f" ({format_usd(each.spent)} of {format_usd(each.limit)} spent,"
        f" up to {format_usd(each.needed)} needed)"
        for each in report.shortages
    ]
    return [f"Over budget: {'; '.join([*parts, *limits])}"]
