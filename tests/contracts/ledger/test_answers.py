"""Answers have an age and a size: those used longest ago go first, and none that is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.ledger.answers import shrink
from reviewbot.ledger.desk import Desk
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Answer, Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.test_records import pull
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.ledger.database import Database

_HOUR = 3_600.0
_DAY = 24 * _HOUR
_SIZE = 10_000  # bytes of each answer's text


class _Shelf:
    """Answers by the hour, named by their count."""

    def __init__(self, database: Database) -> None:
        self.database, self.turned = database, TurnableClock()
        self.ledger = SqlLedger(database, self.turned.clock())
        self.count = 0

    def add(self, count: int, review_id: str = "long ago") -> list[str]:
        """As many answers, each an hour after the other; their keys."""
        keys = [f"key-{self.count + n}" for n in range(count)]
        for key in keys:
            answer = Answer(key, "x" * _SIZE, "small", PicoUsd(1), 10, review_id)
            grant = self.ledger.reserve(charge("0.0001"))
            self.ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(1, 1)), [answer])
            self.turned.turn(_HOUR + 1)
        self.count += count
        return keys

    def shrink(self, most: int) -> int:
        return shrink(self.database, most, self.turned.clock())

    def left(self, keys: Iterable[str]) -> list[str]:
        """Which are there; looking must not count as a use."""
        with self.database.snapshot() as session:
            there = {key for (key,) in session.rows("SELECT key FROM answers")}
        return [key for key in keys if key in there]


def test_answers_beyond_the_limit_go_those_used_longest_ago_first(database: Database) -> None:
    shelf = _Shelf(database)
    keys = shelf.add(10)
    assert shelf.ledger.known(keys[:2], ["small"]).keys() == set(keys[:2])
    shelf.turned.turn(2 * _HOUR)
    assert shelf.shrink(5 * (_SIZE + 1_000)) == 5
    assert shelf.left(keys) == [*keys[:2], *keys[-3:]]
    assert shelf.shrink(5 * (_SIZE + 1_000)) == 0


@pytest.mark.parametrize(
    ("said", "kept"), [("a\ud800b", "a?b"), ("a\0b", "ab"), ("ä\U0001f600", "ä\U0001f600")]
)
def test_no_letter_of_an_answer_keeps_its_call_from_being_settled(
    database: Database, said: str, kept: str
) -> None:
    ledger = SqlLedger(database, TurnableClock().clock())
    grant = ledger.reserve(charge("0.0001"))
    answer = Answer("key", said, "small", PicoUsd(1), 10, "review")
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(1, 1)), [answer])
    assert ledger.known(["key"], ["small"])["key"].text == kept


def test_nothing_goes_below_the_limit(database: Database) -> None:
    shelf = _Shelf(database)
    keys = shelf.add(3)
    assert shelf.shrink(3 * (_SIZE + 1_000)) == 0
    assert shelf.left(keys) == keys


def test_what_a_review_under_way_may_take_up_again_stays(database: Database) -> None:
    shelf = _Shelf(database)
    reviews = Reviews(database, shelf.turned.clock())
    earlier = reviews.open(pull(), "desk 1")
    of_earlier = shelf.add(2, earlier)
    reviews.close(earlier, "published", "{}")
    others = shelf.add(2)
    live = reviews.open(pull("c" * 40), "desk 2")
    of_live = shelf.add(2, live)
    assert shelf.shrink(1) == 2
    assert shelf.left([*of_earlier, *others, *of_live]) == [*of_earlier, *of_live]
    reviews.close(live, "published", "{}")
    assert shelf.shrink(1) == 4


def test_what_waits_on_the_desk_keeps_its_answers_for_as_long_as_it_waits(
    database: Database,
) -> None:
    shelf = _Shelf(database)
    desk = Desk(database)
    review_id = Reviews(database, shelf.turned.clock()).open(pull(), "desk 1")
    keys = shelf.add(2, review_id)
    wish = Wish(PullKey(7, 1), "acme/shop", 3, "synchronize")
    desk.record("delivery-1", wish)
    shelf.turned.turn(5 * _DAY)
    assert shelf.shrink(1) == 0
    with database.transaction() as session:
        session.change("UPDATE desk SET done = wanted")
    assert shelf.shrink(1) == 2
    assert shelf.left(keys) == []


def test_what_was_used_within_the_hour_stays_whoever_used_it(database: Database) -> None:
    shelf = _Shelf(database)
    keys = shelf.add(3)
    shelf.turned.turn(2 * _HOUR)
    shelf.ledger.known(keys[1:2], ["small"])
    shelf.turned.turn(1800)
    assert shelf.shrink(1) == 2
    assert shelf.left(keys) == keys[1:2]


def test_a_look_up_notes_the_use_of_every_models_answer_at_most_hourly(
    database: Database,
) -> None:
    shelf = _Shelf(database)
    [key] = shelf.add(1)
    answer = Answer(key, "y", "other", PicoUsd(1), 10, "long ago")
    shelf.ledger.settle(
        shelf.ledger.reserve(replace(charge("0.0001"), model="other")),
        Attempt(Ending.ANSWERED, Usage(1, 1)),
        [answer],
    )

    def used() -> set[int]:
        with database.snapshot() as session:
            return {at for (at,) in session.rows("SELECT used_at FROM answers")}

    stored = used()
    assert shelf.ledger.known([key], ["small"]).keys() == {key}
    assert used() != stored
    noted = used()
    shelf.turned.turn(1_800)
    shelf.ledger.known([key], ["small"])
    assert used() == noted
    shelf.turned.turn(1_801)
    shelf.ledger.known([key], ["small"])
    assert used() == {shelf.turned.clock().milliseconds()}
