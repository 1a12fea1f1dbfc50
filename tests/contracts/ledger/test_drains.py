"""An endpoint that an administrator took out of service is granted nothing, and nothing is lost."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted, EndpointDrained, EndpointQuarantined
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.ledger.audit import decisions
from reviewbot.ledger.database import open_database
from reviewbot.ledger.drains import drain, drained
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
    return SqlLedger(database, patience=0)


def test_no_process_is_granted_a_call_of_it(
    database: Database, database_url: str, ledger: SqlLedger
) -> None:
    with closing(open_database(database_url)) as elsewhere:
        assert drain(elsewhere, "one", "ada", "maintenance")
    with pytest.raises(EndpointDrained, match="an administrator took one out of service"):
        ledger.reserve(charge("0.1"))
    ledger.reserve(charge("0.1", endpoint="two"))
    assert_balanced(database)


def test_a_call_that_was_granted_before_is_settled_as_ever(
    database: Database, ledger: SqlLedger
) -> None:
    grant = ledger.reserve(charge("0.5"))
    drain(database, "one", "ada", "maintenance")
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(300_000, 0)))
    assert Reviews(database).money("review-1", charge().purse.pull).spent == parse_usd("0.3")
    assert flagged(database) == []
    ledger.reserve(charge("0.1", endpoint="two"))  # its pull request is closed to nobody
    assert_balanced(database)


def test_a_full_budget_is_no_reason_to_wait_for_it(database: Database) -> None:
    patient = SqlLedger(database, patience=3_600)
    patient.reserve(charge("0.9"))
    drain(database, "one", "ada", "maintenance")
    with pytest.raises(EndpointDrained):
        patient.reserve(charge("0.9"))


def test_it_is_brought_back_and_both_are_on_record(database: Database, ledger: SqlLedger) -> None:
    drain(database, "one", "ada", "maintenance")
    [found] = drained(database)
    assert (found.endpoint, found.who, found.why) == ("one", "ada", "maintenance")
    assert release(database, "one", "bob", "it is over") == 0
    assert drained(database) == []
    ledger.reserve(charge("0.1"))
    acts = {
        each.action: (each.who, each.subject, each.why, each.before) for each in decisions(database)
    }
    assert acts == {
        "drain": ("ada", "one", "maintenance", ""),
        "release": ("bob", "one", "it is over", "drained: maintenance"),
    }


def test_the_first_reason_stays(database: Database) -> None:
    assert drain(database, "one", "ada", "maintenance")
    assert not drain(database, "one", "bob", "for another reason")
    assert [each.why for each in drained(database)] == ["maintenance"]


def test_a_liar_that_was_drained_too_is_released_from_both(
    database: Database, ledger: SqlLedger
) -> None:
    ledger.settle(ledger.reserve(charge("0.1")), Attempt(Ending.ANSWERED, Usage(300_000, 0)))
    with pytest.raises(EndpointQuarantined):
        ledger.reserve(charge("0.1", number=2))
    drain(database, "one", "ada", "to be sure")
    with pytest.raises(EndpointDrained):
        ledger.reserve(charge("0.1", number=2))
    with pytest.raises(BudgetExhausted, match="closed: one overbilled"):
        ledger.reserve(charge("0.1", endpoint="two"))
    assert release(database, "one", "ada", "mended") == 1
    assert (drained(database), flagged(database)) == ([], [])
    ledger.reserve(charge("0.1", number=2))
