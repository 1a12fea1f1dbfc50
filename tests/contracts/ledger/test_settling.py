"""Every HTTP attempt ends in exactly one bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted, LedgerError
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.quarantine import flagged
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Answer, Attempt, Ending, Grant
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_KEY = PullKey(7, 1)


def test_an_answer_is_billed_exactly_by_its_usage(database: Database) -> None:
    ledger = SqlLedger(database)
    cost = ledger.settle(ledger.reserve(charge()), Attempt(Ending.ANSWERED, Usage(1_234_567, 89)))
    assert cost == parse_usd("1.234656")
    money = Reviews(database).money("review-1", _KEY)
    assert (money.spent, money.presumed, money.tokens_in) == (cost, 0, 1_234_567)


def test_a_refused_attempt_costs_nothing(database: Database) -> None:
    ledger = SqlLedger(database)
    assert ledger.settle(ledger.reserve(charge()), Attempt(Ending.REFUSED)) == 0
    assert Reviews(database).money("review-1", _KEY).pr_total == 0


def test_an_unknown_end_is_presumed_at_its_worst_case_and_shown_apart(database: Database) -> None:
    ledger = SqlLedger(database)
    ledger.settle(ledger.reserve(charge("0.4")), Attempt(Ending.UNKNOWN))
    money = Reviews(database).money("review-1", _KEY)
    assert (money.spent, money.presumed) == (0, parse_usd("0.4"))


def test_an_answer_without_usage_is_presumed_and_still_kept(database: Database) -> None:
    ledger = SqlLedger(database)
    answer = Answer("key", "{}", "small", parse_usd("0.4"), 10, "review-1")
    ledger.settle(ledger.reserve(charge("0.4")), Attempt(Ending.ANSWERED), [answer])
    assert ledger.known(["key"], ["small"]) == {"key": answer}
    assert Reviews(database).money("review-1", _KEY).presumed == parse_usd("0.4")


def test_a_call_whose_lease_ran_out_is_presumed_until_a_correction(database: Database) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    grant = ledger.reserve(charge("0.4", lease=30))
    turned.turn(31)
    assert ledger.presume_expired() == 1
    assert Reviews(database).money("review-1", _KEY).presumed == parse_usd("0.4")

    late = ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(1000, 0)))
    money = Reviews(database).money("review-1", _KEY)
    assert (money.spent, money.presumed, money.pr_total) == (late, 0, late)
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(9_000, 0)))  # only the first counts
    assert Reviews(database).money("review-1", _KEY).pr_total == late


def test_a_bill_above_its_bound_is_recorded_in_full_and_closes_the_pull_request(
    database: Database,
) -> None:
    ledger = SqlLedger(database, patience=0)
    cost = ledger.settle(ledger.reserve(charge("0.1")), Attempt(Ending.ANSWERED, Usage(500_000, 0)))
    assert cost == parse_usd("0.5")
    assert Reviews(database).money("review-1", _KEY).spent == cost
    assert flagged(database) == [("one", "billed $0.500 where $0.100 was the bound")]
    with pytest.raises(BudgetExhausted):
        ledger.reserve(charge("0.01"))


def test_what_was_never_reserved_cannot_be_settled(database: Database) -> None:
    with pytest.raises(LedgerError, match="never reserved"):
        SqlLedger(database).settle(
            Grant("unheard-of", charge()), Attempt(Ending.ANSWERED, Usage(1, 1))
        )


def test_the_preferred_model_s_answer_is_taken_where_several_answered(database: Database) -> None:
    ledger = SqlLedger(database)
    first = Answer("key", "first", "dear", PicoUsd(2), 1, "r")
    second = Answer("key", "second", "small", PicoUsd(1), 1, "r")
    for answer in (second, first):
        ledger.settle(
            ledger.reserve(charge("0.1")), Attempt(Ending.ANSWERED, Usage(1, 1)), [answer]
        )
    assert ledger.known(["key"], ["dear", "small"])["key"].text == "first"
    assert ledger.known(["key"], ["small"])["key"].text == "second"
    assert ledger.known(["key"], ["other"]) == {}


@pytest.mark.parametrize("by", list(By))
def test_every_summary_adds_up_to_the_same_total(database: Database, by: By) -> None:
    ledger = SqlLedger(database)
    for number in (1, 2, 3):
        grant = ledger.reserve(charge("0.1", number=number))
        ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(100 * number, 10)))
    ledger.settle(ledger.reserve(charge("0.1")), Attempt(Ending.UNKNOWN))
    lines = spend(database, Query(by))
    assert sum(line.spent for line in lines) == 630 * 10**6
    assert sum(line.presumed for line in lines) == parse_usd("0.1")
    assert sum(line.calls for line in lines) == 4
    assert spend(database, Query(by, repository="other/one")) == []
