"""What people read when money did not suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.phrase import Phrase
from reviewbot.review.words import ENGLISH

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Report, Shortage
    from reviewbot.review.words import Words


def budget_lines(report: Report, say: Words = ENGLISH) -> list[str]:
    """What money did not suffice for, with figures; nothing where it did."""
    receipt = report.receipt
    if not report.shortages:
        return []
    segments = receipt.count(Coverage.OVER_BUDGET)
    looks = sum(escalation.over_budget for escalation in report.escalations)
    parts: list[str] = []
    lines = receipt.added_lines(Coverage.OVER_BUDGET)
    if segments:
        parts.append(
            say(
                "{count} segments ({lines}) not read",
                one="{count} segment ({lines}) not read",
                count=segments,
                lines=Phrase("{count} added lines", one="{count} added line", count=lines),
            )
        )
    if looks:
        parts.append(
            say("{count} second looks not done", one="{count} second look not done", count=looks)
        )
    parts += [_refused(each, say) for each in report.shortages]
    return [say("Over budget: {what}", what="; ".join(parts))]


def _refused(shortage: Shortage, say: Words) -> str:
    return say(
        "the budget of {scope} refused {count} calls"
        " ({spent} of {limit} spent, up to {needed} needed)",
        one="the budget of {scope} refused {count} call"
        " ({spent} of {limit} spent, up to {needed} needed)",
        scope=shortage.scope,
        count=shortage.refused,
        spent=format_usd(shortage.spent),
        limit=format_usd(shortage.limit),
        needed=format_usd(shortage.needed),
    )
