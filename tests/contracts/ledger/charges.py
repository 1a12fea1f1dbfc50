"""Charges to reserve, as a review would ask for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Price, parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.ports import Charge, Limits, Purse

if TYPE_CHECKING:
    from decimal import Decimal

PRICE = Price(*[PicoUsd(1_000_000)] * 4)  # USD 1 per million tokens, each way


def limits(
    per_pr: str = "1",
    per_day: str = "5",
    per_review: str | None = None,
    *,
    per_author: str | None = None,
    per_repository: str | None = None,
    escalation_share: Decimal | None = None,
) -> Limits:
    within = Limits(
        per_pr=parse_usd(per_pr),
        per_day=parse_usd(per_day),
        per_month=parse_usd("50"),
        per_installation=parse_usd("500"),
        per_server=parse_usd("500"),
        per_review=_usd(per_review),
        per_author=_usd(per_author),
        per_repository=_usd(per_repository),
    )
    if escalation_share is None:
        return within
    return replace(within, escalation_share=escalation_share)


def charge(
    worst: str = "0.4",
    *,
    number: int = 1,
    lease: float = 60.0,
    within: Limits | None = None,
    **changes: Any,
) -> Charge:
    """A charge of the cheap tier; *changes* are of its purse, or of the charge itself."""
    of_purse = {name: changes.pop(name) for name in ("review_id", "author_id") if name in changes}
    key = PullKey(7, number)
    purse = Purse("review-1", key, "acme/shop", 3, "a" * 40, within or limits())
    return replace(
        Charge(
            purse=replace(purse, **of_purse),
            tier=Tier.CHEAP,
            model="small",
            endpoint="one",
            upstream="small-v1",
            jurisdiction="EU",
            price=PRICE,
            worst=parse_usd(worst),
            lease_seconds=lease,
            label="src/a.py",
        ),
        **changes,
    )


def _usd(text: str | None) -> PicoUsd | None:
    return None if text is None else parse_usd(text)
