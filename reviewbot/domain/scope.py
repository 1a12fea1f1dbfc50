"""What budgets bound, and how people are told that one of them has no room."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import format_usd
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Shortage


class Kind(StrEnum):
    """What a scope bounds: the labels of metrics and alerts, and what a companion calls it."""

    PULL = "pull-request"
    REVIEW = "review"
    AUTHOR_DAY = "author-day"
    REPOSITORY_DAY = "repository-day"
    REPOSITORY_MONTH = "repository-month"
    INSTALLATION_MONTH = "installation-month"
    SERVER_MONTH = "server-month"


TITLES = {
    Kind.PULL: Phrase("the pull request"),
    Kind.REVIEW: Phrase("this review (--max-cost)"),
    Kind.AUTHOR_DAY: Phrase("the author's share of the repository today"),
    Kind.REPOSITORY_DAY: Phrase("the repository today"),
    Kind.REPOSITORY_MONTH: Phrase("the repository this month"),
    Kind.INSTALLATION_MONTH: Phrase("the installation this month"),
    Kind.SERVER_MONTH: Phrase("the server this month"),
}


def exhausted(scope: str, shortage: Shortage) -> BudgetExhausted:
    """The refusal of a call for want of money, in the same words wherever the ledger is."""
    if shortage.closed_by:
        message = Phrase(
            "the budget of {scope} was closed: {endpoint} overbilled",
            scope=shortage.scope,
            endpoint=shortage.closed_by,
        )
        advice = f"`reviewbot ledger release {shortage.closed_by}` opens it."
        return BudgetExhausted(message, scope, advice, shortage)
    message = Phrase(
        "the budget of {scope} ({spent} of {limit} spent) has no room for a call of up to {worst}",
        scope=shortage.scope,
        spent=format_usd(shortage.spent),
        limit=format_usd(shortage.limit),
        worst=format_usd(shortage.needed),
    )
    if shortage.kept:
        kept = format_usd(shortage.kept)
        message = Phrase("{why}, with {kept} kept for first readings", why=message, kept=kept)
    advice = "Raise the limit, or wait for the next period."
    return BudgetExhausted(message, scope, advice, shortage)
