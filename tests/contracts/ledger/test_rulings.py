"""What people decided is kept by pull request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.command import Breadth, Sender
from reviewbot.domain.finding import Severity
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.domain.ruling import Silence
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.rulings import SqlRulings
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_KEY, _OTHER = PullKey(7, 1), PullKey(7, 2)
_MARIA = Sender(9, "maria")
_PULL = PullRequest(_KEY, "acme/shop", "t", Author(1, "a"), "a" * 40, "b" * 40, "main", "main")


@pytest.fixture
def turned() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def rulings(database: Database, turned: TurnableClock) -> SqlRulings:
    return SqlRulings(database, turned.clock())


def test_a_pause_holds_until_it_is_ended(rulings: SqlRulings) -> None:
    rulings.pause(_KEY, _MARIA)
    rulings.pause(_KEY, Sender(8, "bob"))
    assert (rulings.paused_by(_KEY), rulings.paused_by(_OTHER)) == ("maria", "")
    rulings.resume(_KEY)
    rulings.resume(_KEY)
    assert rulings.paused_by(_KEY) == ""


def test_silences_are_remembered_with_who_said_so(rulings: SqlRulings) -> None:
    finding = Silence(Breadth.FINDING, "f1", _MARIA, Severity.LOW)
    rule = Silence(Breadth.RULE, "no-raw-sql", _MARIA, Severity.CRITICAL)
    for silence in (finding, rule, replace(finding, up_to=Severity.HIGH)):
        rulings.silence(_KEY, silence)
    known = rulings.silences(_KEY)
    assert sorted(known, key=lambda each: each.name) == [
        replace(finding, up_to=Severity.HIGH),
        rule,
    ]
    assert rulings.silences(_OTHER) == []


def test_an_approval_is_for_one_head_that_waited_before_it_was_said(
    rulings: SqlRulings, turned: TurnableClock
) -> None:
    now = turned.clock().milliseconds
    assert not rulings.approve(_PULL, _MARIA, now())
    before = now(-1)
    assert not rulings.may_cost(_PULL, PicoUsd(5))
    assert not rulings.approve(_PULL, _MARIA, before)
    assert rulings.approve(_PULL, _MARIA, now())
    assert rulings.may_cost(_PULL, PicoUsd(9))
    assert not rulings.may_cost(replace(_PULL, head_sha="c" * 40), PicoUsd(5))


def test_the_rule_of_a_finding_is_that_of_the_latest_report_that_has_it(
    database: Database, turned: TurnableClock
) -> None:
    reviews = Reviews(database, turned.clock())
    for trigger, rule in (("1", '"old"'), ("2", '"new"'), ("3", "null")):
        found = f'{{"findings": [{{"fingerprint": "f1", "rule": {rule}}}]}}'
        reviews.close(reviews.open(_PULL, trigger), "published", found)
        turned.turn(1)
    assert (reviews.rule_of(_KEY, "f1"), reviews.rule_of(_KEY, "f2")) == ("new", "")


def test_a_pull_request_that_cost_nothing_has_no_costs(database: Database) -> None:
    assert Reviews(database).spent(_KEY) == []
