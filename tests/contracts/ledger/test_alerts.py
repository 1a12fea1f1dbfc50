"""Limits that fill up are told of once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.domain.scope import Kind
from reviewbot.ledger import alerts
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge, limits

if TYPE_CHECKING:
    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.database import Database


def _spend(ledger: SqlLedger, usd: str, *, per_pr: str = "1") -> None:
    grant = ledger.reserve(charge(usd, within=limits(per_pr=per_pr)))
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(parse_usd(usd) // 10**6, 0)))


def _of_pull(heard: list[Alert]) -> list[int]:
    return [alert.level for alert in heard if alert.kind is Kind.PULL]


def test_each_level_of_a_limit_is_told_of_once_and_by_what_is_spent(database: Database) -> None:
    heard: list[Alert] = []
    ledger = SqlLedger(database, patience=0, hears=heard.append)
    held = ledger.reserve(charge("0.5"))
    assert heard == [], "what is only reserved may come back"
    ledger.settle(held, Attempt(Ending.REFUSED))
    for _ in range(5):
        _spend(ledger, "0.2")
    assert _of_pull(heard) == [50, 80, 100]
    assert heard[0].text.startswith("50 % of the budget of the pull request are spent ($0.600 of")


def test_a_call_that_passes_two_levels_tells_of_the_higher_one(database: Database) -> None:
    heard: list[Alert] = []
    _spend(SqlLedger(database, hears=heard.append), "0.9")
    assert _of_pull(heard) == [80]


def test_a_limit_that_refuses_is_used_up_however_much_is_left(database: Database) -> None:
    heard: list[Alert] = []
    ledger = SqlLedger(database, patience=0, hears=heard.append)
    _spend(ledger, "0.3")
    for _ in range(3):
        with pytest.raises(BudgetExhausted):
            ledger.reserve(charge("0.8"))
    assert _of_pull(heard) == [100]
    assert heard[-1].spent == parse_usd("0.3")


def test_a_raised_limit_is_watched_anew(database: Database) -> None:
    heard: list[Alert] = []
    ledger = SqlLedger(database, patience=0, hears=heard.append)
    _spend(ledger, "0.9")
    _spend(ledger, "0.9", per_pr="2")
    assert [(a.level, a.cap) for a in heard if a.kind is Kind.PULL] == [
        (80, parse_usd("1")),
        (80, parse_usd("2")),
    ]


def test_an_alert_is_taken_by_one_teller_and_given_back_when_it_could_not_be_told(
    database: Database,
) -> None:
    _spend(SqlLedger(database), "0.6")
    taken = alerts.take_untold(database)
    assert taken is not None
    assert alerts.take_untold(database) is None
    for _ in range(4):
        alerts.tell_again(database, taken)
        assert alerts.take_untold(database) == taken
    alerts.tell_again(database, taken)
    assert alerts.take_untold(database) is None, "after five tries it is left at that"
    assert alerts.recent(database) == [taken]
