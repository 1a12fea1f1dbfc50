"""What sums keep besides money: questions apart from reviews, paces, and what was saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Price, Usage, parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger import insight
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.house import tidy
from reviewbot.ledger.insight import Group
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.pace import Pace, paces
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.sessions import Sessions
from reviewbot.ledger.sight import Sight, Span
from reviewbot.ledger.teams import sights
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import assert_balanced
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_ALWAYS = Span(date(2020, 1, 1), date(2040, 12, 31))
_ANSWERED = Attempt(Ending.ANSWERED, Usage(10_000, 0), latency_ms=1_000)


def ask(ledger: SqlLedger, name: str = "1") -> None:
    """Somebody asks a question, which costs a cent."""
    wanted = charge("0.1", review_id=f"ask:{name}", tier=Tier.STRONG, model="large", reason="ask")
    ledger.settle(ledger.reserve(wanted), _ANSWERED)


@pytest.mark.parametrize("by", [By.REPO, By.PR, By.DAY])
def test_a_question_is_no_review(database: Database, by: By) -> None:
    ledger = SqlLedger(database)
    ledger.settle(ledger.reserve(charge("0.1")), _ANSWERED)
    for name in ("1", "1", "2"):
        ask(ledger, name)
    [line] = spend(database, Query(by))
    assert (line.reviews, line.questions, line.calls) == (1, 2, 4)
    assert_balanced(database)


def test_questions_do_not_make_models_reviews_more(database: Database) -> None:
    ledger = SqlLedger(database)
    ledger.settle(ledger.reserve(charge("0.1")), _ANSWERED)
    ask(ledger)
    lines = {line.name: (line.reviews, line.questions) for line in spend(database, Query(By.TIER))}
    assert lines == {"cheap": (1, 0), "strong": (0, 1)}


def test_what_a_pull_request_cost_is_known_when_its_calls_are_thrown_away(
    database: Database,
) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    ledger.settle(ledger.reserve(charge("0.1")), _ANSWERED)
    ask(ledger)
    before = Reviews(database).spent(PullKey(7, 1))
    assert [(each.tier, each.is_answer, each.settled) for each in before] == [
        (Tier.CHEAP, False, parse_usd("0.01")),
        (Tier.STRONG, True, parse_usd("0.01")),
    ]
    turned.turn(100 * 86_400)
    tidy(database, 30, 60, turned.clock())
    assert Reviews(database).spent(PullKey(7, 1)) == before


def test_a_pull_request_astride_a_times_ends_counts_with_its_days_within(
    database: Database,
) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    days = []
    for _ in range(4):
        days.append(turned.clock().today().date())
        ledger.settle(ledger.reserve(charge("0.1")), _ANSWERED)
        turned.turn(86_400)
    ledger.settle(ledger.reserve(charge("0.1", number=2)), _ANSWERED)
    for first, last, calls in ((0, 3, 4), (1, 3, 3), (1, 2, 2), (0, 0, 1)):
        with database.snapshot() as session:
            found = insight.lines(session, Group.PULL, Span(days[first], days[last]), Sight())
        assert [(line.key, line.calls) for line in found] == [((7, 1), calls)]
    since = int(datetime(days[2].year, days[2].month, days[2].day, tzinfo=UTC).timestamp() * 1000)
    named = {line.name: line.calls for line in spend(database, Query(By.PR, since))}
    assert named == {"acme/shop#1": 2, "acme/shop#2": 1}


def test_cheap_first_is_compared_at_the_price_of_when_a_call_was_made(database: Database) -> None:
    turned = TurnableClock()
    dearer_from = turned.clock().today()
    turned.turn(-10)

    def price(at: datetime, _tokens: int) -> Price:
        return Price(*[PicoUsd(20_000_000 if at >= dearer_from else 5_000_000)] * 4)

    ledger = SqlLedger(database, turned.clock(), yardstick=price)
    early = ledger.reserve(charge("0.1"))
    turned.turn(30)
    late = ledger.reserve(charge("0.1"))
    for grant in (early, late):
        ledger.settle(grant, _ANSWERED)
    ask(ledger)
    with database.snapshot() as session:
        by_tier = {
            line.key[0]: line.instead
            for line in insight.lines(session, Group.MODEL, _ALWAYS, Sight())
        }
    assert by_tier == {"cheap": parse_usd("0.05") + parse_usd("0.2"), "strong": 0}


def test_a_call_that_was_presumed_is_compared_once_its_end_is_known(database: Database) -> None:
    turned = TurnableClock()
    strong = Price(*[PicoUsd(5_000_000)] * 4)
    ledger = SqlLedger(database, turned.clock(), yardstick=lambda _at, _tokens: strong)
    grant = ledger.reserve(charge("0.1", lease=1))
    turned.turn(2)
    assert ledger.presume_expired() == 1
    ledger.settle(grant, _ANSWERED)
    with database.snapshot() as session:
        [line] = insight.lines(session, Group.MODEL, _ALWAYS, Sight())
    assert (line.instead, line.spent) == (parse_usd("0.05"), parse_usd("0.01"))


def test_an_endpoints_pace_is_that_of_its_answers(database: Database) -> None:
    ledger = SqlLedger(database)
    for latency in range(100, 10_001, 100):
        attempt = replace(_ANSWERED, latency_ms=latency, first_token_ms=latency // 10)
        ledger.settle(ledger.reserve(charge("0.0101")), replace(attempt, usage=Usage(1, 0)))
    refused = Attempt(Ending.REFUSED, latency_ms=1, error="http-429")
    ledger.settle(ledger.reserve(charge("0.01")), refused)
    with database.snapshot() as session:
        [(endpoint, pace)] = paces(session, _ALWAYS, Sight()).items()
        assert paces(session, _ALWAYS, Sight(frozenset())) == {}
    assert endpoint == "one"
    for found, true in (
        (pace.p50, 5_000),
        (pace.p95, 9_500),
        (pace.p99, 9_900),
        (pace.first_token_p50, 500),
        (pace.first_token_p95, 950),
    ):
        assert found is not None
        assert abs(found - true) <= true / 15
    assert Pace().p50 is None


def test_a_team_is_what_its_patterns_match_within_sight(database: Database) -> None:
    ledger = SqlLedger(database)
    for repository_id, name in ((7, "Acme/Shop"), (8, "acme/billing-api"), (9, "acme/billing-web")):
        wanted = charge("0.1")
        purse = replace(
            wanted.purse, pull=PullKey(repository_id, 1), repository=name, review_id=name
        )
        ledger.settle(ledger.reserve(replace(wanted, purse=purse)), _ANSWERED)
    teams = {"shop": ("acme/shop",), "billing": ("acme/billing-*",), "nobody": ("other/*",)}
    with database.snapshot() as session:
        found = sights(session, Sight(), teams)
        partly = sights(session, Sight(frozenset({9})), teams)
    assert found == {"shop": Sight(frozenset({7})), "billing": Sight(frozenset({8, 9}))}
    assert partly == {"billing": Sight(frozenset({9}))}
    for by in By:
        lines = spend(database, Query(by, sight=found["billing"]))
        assert sum(line.calls for line in lines) == 2, by


def test_an_ended_session_is_known_to_every_process_until_it_is_over(database: Database) -> None:
    turned = TurnableClock()
    here, there = Sessions(database, turned.clock()), Sessions(database)
    here.end("a", 60)
    here.end("a", 60)
    assert (there.is_ended("a"), there.is_ended("b")) == (True, False)
    turned.turn(61)
    here.end("b", 60)
    assert (there.is_ended("a"), there.is_ended("b")) == (False, True)
