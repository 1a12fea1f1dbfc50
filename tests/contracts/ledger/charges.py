"""Charges to reserve, as a review would ask for them."""

from __future__ import annotations

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Price, parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.ports import Charge, Limits, Purse

PRICE = Price(*[PicoUsd(1_000_000)] * 4)  # USD 1 per million tokens, each way


def limits(per_pr: str = "1", per_day: str = "5", per_review: str | None = None) -> Limits:
    return Limits(
        per_pr=parse_usd(per_pr),
        per_day=parse_usd(per_day),
        per_month=parse_usd("50"),
        per_installation=parse_usd("500"),
        per_server=parse_usd("500"),
        per_review=None if per_review is None else parse_usd(per_review),
    )


def charge(
    worst: str = "0.4", *, number: int = 1, lease: float = 60.0, within: Limits | None = None
) -> Charge:
    key = PullKey(7, number)
    purse = Purse("review-1", key, "acme/shop", 3, "a" * 40, within or limits())
    return Charge(
        purse=purse,
        tier=Tier.CHEAP,
        model="small",
        endpoint="one",
        upstream="small-v1",
        jurisdiction="EU",
        price=PRICE,
        worst=parse_usd(worst),
        lease_seconds=lease,
        label="src/a.py",
    )
