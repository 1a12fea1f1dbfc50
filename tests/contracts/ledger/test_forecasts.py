"""Forecasts are written down once, learned from, and measured, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from reviewbot.domain.forecast import Forecast, Past
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.ledger.forecasts import accuracies
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.sight import Sight, Span
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.test_records import pull
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.forecasts import Accuracy

_ALWAYS = Span(date(2020, 1, 1), date(2040, 12, 31))
_FORECAST = Forecast(*map(parse_usd, ("0.010", "0.010", "0.020", "0.5")))


def review(database: Database, head: str, tokens: int, *, complete: bool = True) -> None:
    """A review that costs a millionth of a dollar for each token."""
    clock = TurnableClock().clock()
    ledger, reviews = SqlLedger(database, clock), Reviews(database, clock)
    opened = reviews.open(replace(pull(), head_sha=head * 40), "opened")
    assert reviews.foresee(opened, _FORECAST) == _FORECAST
    grant = ledger.reserve(charge("0.4", review_id=opened))
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(tokens, 0)))
    reviews.close(opened, "published", json.dumps({"complete": complete}))


def measured(database: Database, sight: Sight) -> Accuracy:
    with database.snapshot() as session:
        return accuracies(session, _ALWAYS, sight)[0]


def test_the_first_forecast_of_a_review_stands(database: Database) -> None:
    reviews = Reviews(database)
    opened = reviews.open(pull(), "opened")
    other = replace(_FORECAST, p50=PicoUsd(1), p90=PicoUsd(2))
    assert reviews.foresee(opened, _FORECAST) == _FORECAST
    assert reviews.foresee(opened, other) == _FORECAST


def test_whole_reviews_are_learned_from_in_their_repository(database: Database) -> None:
    for head, tokens in (("a", 10_000), ("b", 12_000)):
        review(database, head, tokens)
    review(database, "c", 90_000, complete=False)
    key = pull().key
    past = Reviews(database).past(key)
    assert sorted(each.cost for each in past) == [parse_usd("0.010"), parse_usd("0.012")]
    assert {each.planned for each in past} == {parse_usd("0.010")}
    assert Reviews(database).past(replace(key, repository_id=8)) == []
    assert isinstance(past[0], Past)


def test_the_error_of_forecasts_is_reported(database: Database) -> None:
    for head, tokens in (("a", 10_000), ("b", 12_000), ("c", 8_000), ("d", 30_000)):
        review(database, head, tokens)
    found = measured(database, Sight())
    assert (found.reviews, found.within_p90) == (4, 3)
    assert (found.foreseen, found.cost) == (parse_usd("0.040"), parse_usd("0.060"))
    assert 130 <= found.error <= 270  # of 0, 200, 200 and 2,000 per mille
    with database.snapshot() as session:
        _, line = accuracies(session, _ALWAYS, Sight())
        [nothing] = accuracies(session, _ALWAYS, Sight(frozenset()))
    assert (nothing.reviews, nothing.error) == (0, 0)
    assert replace(line, repository_id=None) == found
    assert measured(database, Sight(frozenset({8}))).reviews == 0
