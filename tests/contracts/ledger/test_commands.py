"""One row a command: carried out once, in order, by whoever lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.command import CommandWish, Place, Sender
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.commands import CommandClaim, CommandRules, Commands
from reviewbot.ledger.installations import REMOVED, Installations
from reviewbot.ledger.switch import Switch
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def _wish(
    comment: int = 1, number: int = 1, said: str = "review", place: Place = Place.BELOW
) -> CommandWish:
    key = PullKey(7, number)
    return CommandWish(key, "acme/shop", 3, place, comment, 0, Sender(9, "maria"), said)


@pytest.fixture
def turned() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def commands(database: Database, turned: TurnableClock) -> Commands:
    return Commands(database, CommandRules(lease=60, attempts=3), turned.clock())


def _claimed(commands: Commands, owner: str = "w1") -> CommandClaim:
    claim = commands.claim(owner)
    assert claim is not None
    return claim


def test_a_command_comes_back_as_it_was_recorded_and_once(commands: Commands) -> None:
    wish = _wish(said="ask why?", place=Place.LINE)
    assert commands.record(wish)
    assert not commands.record(wish)
    claim = _claimed(commands)
    assert (claim.wish, claim.attempt) == (wish, 1)
    assert commands.claim("w2") is None
    assert commands.finish(claim)
    assert not commands.record(wish)
    assert commands.claim("w2") is None


def test_comments_in_threads_and_below_have_numbers_of_their_own(commands: Commands) -> None:
    assert commands.record(_wish(place=Place.BELOW))
    assert commands.record(_wish(place=Place.LINE))


def test_commands_on_one_pull_request_are_carried_out_in_their_order(
    commands: Commands, turned: TurnableClock
) -> None:
    for comment, number in ((3, 1), (2, 1), (1, 2)):
        commands.record(_wish(comment, number))
        turned.turn(1)
    first, elsewhere = _claimed(commands), _claimed(commands)
    assert (first.wish.comment_id, elsewhere.wish.key.number) == (3, 2)
    assert commands.claim("w1") is None
    commands.finish(first)
    assert _claimed(commands).wish.comment_id == 2


def test_a_killed_worker_s_command_is_claimed_again_and_the_dead_cannot_finish_it(
    commands: Commands, turned: TurnableClock
) -> None:
    commands.record(_wish())
    lost = _claimed(commands, "killed")
    turned.turn(50)
    assert commands.renew(lost)
    turned.turn(61)
    again = _claimed(commands, "w2")
    assert again.attempt == 2
    assert not commands.renew(lost)
    assert not commands.finish(lost)
    assert commands.finish(again)


def test_what_failed_waits_and_what_was_given_up_is_tried_when_it_is_delivered_again(
    commands: Commands, turned: TurnableClock
) -> None:
    commands.record(_wish())
    assert commands.postpone(_claimed(commands), 30, "GitHub is down")
    assert commands.claim("w1") is None
    turned.turn(31)
    assert commands.counts() == (1, 0)
    assert commands.bury(_claimed(commands), "again and again")
    assert commands.counts() == (0, 1)
    assert commands.claim("w1") is None
    assert commands.record(_wish())
    assert _claimed(commands).attempt == 1


def test_questions_are_counted_by_person_and_day(commands: Commands, turned: TurnableClock) -> None:
    turned.now -= turned.now % 86_400
    for comment in range(1, 4):
        commands.record(_wish(comment, comment, "ask why?"))
    commands.record(_wish(4, 4, "cost"))
    turned.turn(86_400)
    commands.record(_wish(5, 5, "Explain"))
    verbs = ("ask", "explain")
    ranks = [commands.rank_today(_claimed(commands), verbs) for _ in range(5)]
    assert ranks == [1, 2, 3, 3, 1]


def test_nothing_is_claimed_while_spending_or_the_installation_is_stopped(
    commands: Commands, database: Database, turned: TurnableClock
) -> None:
    switch, installations = Switch(database), Installations(database, turned.clock())
    commands.record(_wish())
    switch.stop("ops", "too dear")
    assert commands.claim("w1") is None
    switch.start("ops")
    installations.set(3, "suspended")
    assert commands.claim("w1") is None
    installations.set(3, "active")
    assert _claimed(commands).attempt == 1


def test_what_is_stopped_under_way_is_handed_back_untouched(
    commands: Commands, database: Database
) -> None:
    switch = Switch(database)
    commands.record(_wish())
    claim = _claimed(commands)
    assert not commands.halted(claim)
    switch.stop("ops", "too dear")
    assert commands.halted(claim)
    assert commands.release(claim)
    switch.start("ops")
    assert _claimed(commands).attempt == 1


def test_commands_for_what_is_gone_are_dropped_and_block_nothing(
    commands: Commands, database: Database, turned: TurnableClock
) -> None:
    installations = Installations(database, turned.clock())
    commands.record(_wish(1))
    installations.change(3, [], [7])
    assert commands.counts() == (0, 0)
    turned.turn(1)
    installations.change(3, [7], [])
    commands.record(_wish(2))
    assert _claimed(commands).wish.comment_id == 2
    installations.set(3, REMOVED)
    assert commands.counts() == (0, 0)


def test_what_is_over_is_forgotten_in_time_and_what_waits_is_kept(
    commands: Commands, turned: TurnableClock
) -> None:
    for comment in (1, 2, 3):
        commands.record(_wish(comment, comment))
    commands.finish(_claimed(commands))
    commands.bury(_claimed(commands), "again and again")
    assert commands.forget(days=7) == 0
    turned.turn(8 * 86_400)
    assert commands.forget(days=7) == 2
    assert _claimed(commands).wish.comment_id == 3
