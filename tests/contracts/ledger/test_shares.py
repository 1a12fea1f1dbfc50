"""One author and one repository take their share of a common limit, and second looks come last."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import parse_usd
from reviewbot.ledger.money import SqlLedger
from tests.contracts.ledger.charges import charge, limits

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def test_one_author_cannot_use_up_the_repository_s_day(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    shared = limits(per_author="1")
    ledger.reserve(charge("0.9", number=1, within=shared, author_id=5))
    with pytest.raises(BudgetExhausted, match="the author's share of the repository today"):
        ledger.reserve(charge("0.2", number=2, within=shared, author_id=5))
    ledger.reserve(charge("0.9", number=3, within=shared, author_id=6))


def test_one_repository_cannot_use_up_the_installation_s_month(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    shared = limits(per_repository="1")
    ledger.reserve(charge("0.9", number=1, within=shared))
    with pytest.raises(BudgetExhausted, match="the repository this month"):
        ledger.reserve(charge("0.2", number=2, within=shared))


def test_near_a_limit_second_looks_are_refused_first(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    within = limits(escalation_share=Decimal("0.9"))
    ledger.reserve(charge("0.85", within=within))
    with pytest.raises(BudgetExhausted, match=r"\$0\.100 kept for first readings") as caught:
        ledger.reserve(charge("0.1", within=within, tier=Tier.STRONG))
    assert caught.value.shortage is not None
    assert caught.value.shortage.limit == parse_usd("1")
    ledger.reserve(charge("0.1", within=within))
