"""An endpoint that overbilled is left alone until an administrator writes it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted, EndpointQuarantined, UsageError
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.ledger.audit import decisions
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.quarantine import flagged, release
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import assert_balanced
from tests.contracts.ledger.charges import charge

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    ledger = SqlLedger(database, patience=0)
    ledger.settle(ledger.reserve(charge("0.1")), Attempt(Ending.ANSWERED, Usage(300_000, 0)))
    return ledger


def test_no_other_pull_request_asks_it_either(ledger: SqlLedger) -> None:
    with pytest.raises(EndpointQuarantined, match="one is under quarantine: it billed more"):
        ledger.reserve(charge("0.1", number=2))
    ledger.reserve(charge("0.1", number=2, endpoint="two"))


def test_its_pull_request_is_closed_at_every_endpoint(ledger: SqlLedger) -> None:
    with pytest.raises(BudgetExhausted, match="closed: one overbilled"):
        ledger.reserve(charge("0.1", endpoint="two"))


def test_writing_it_off_opens_both_keeps_the_bill_and_is_on_record(
    database: Database, ledger: SqlLedger
) -> None:
    assert release(database, "one", "ada", "the price was wrong") == 1
    ledger.reserve(charge("0.1"))
    assert flagged(database) == []
    assert Reviews(database).money("review-1", charge().purse.pull).spent == parse_usd("0.3")
    [decision] = decisions(database)
    assert (decision.who, decision.action, decision.subject, decision.why, decision.before) == (
        "ada",
        "release",
        "one",
        "the price was wrong",
        "billed $0.300 where $0.100 was the bound",
    )
    assert_balanced(database)


def test_who_is_under_no_quarantine_cannot_be_released(database: Database) -> None:
    with pytest.raises(UsageError, match="under no quarantine"):
        release(database, "one", "ada", "why not")
