"""One row a pull request: bursts collapse, nothing is swallowed, the killed are replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.ledger.desk import Claim, Desk, DeskRules
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_RULES = DeskRules(debounce=20, lease=60, attempts=3, per_repository=2, per_server=3)


def _wish(number: int = 1, repository: int = 7, *, full: bool = False) -> Wish:
    return Wish(PullKey(repository, number), "acme/shop", 3, "synchronize", full)


@pytest.fixture
def turned() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def desk(database: Database, turned: TurnableClock) -> Desk:
    return Desk(database, _RULES, turned.clock())


def _claimed(desk: Desk, owner: str = "w1") -> Claim:
    claim = desk.claim(owner)
    assert claim is not None
    return claim


def test_a_wish_is_claimed_after_the_debounce_and_only_once(
    desk: Desk, turned: TurnableClock
) -> None:
    assert desk.record("d1", _wish())
    assert desk.claim("w1") is None
    turned.turn(21)
    claim = _claimed(desk)
    assert (claim.key, claim.attempt) == (PullKey(7, 1), 1)
    assert desk.claim("w2") is None


def test_a_burst_of_pushes_is_one_review_of_the_newest(desk: Desk, turned: TurnableClock) -> None:
    for push in range(5):
        desk.record(f"d{push}", _wish())
    turned.turn(21)
    assert desk.finish(_claimed(desk))
    assert desk.claim("w1") is None


def test_a_steady_stream_of_pushes_cannot_put_the_review_off_for_ever(
    desk: Desk, turned: TurnableClock
) -> None:
    for push in range(20):
        desk.record(f"d{push}", _wish())
        turned.turn(10)
    assert desk.claim("w1") is not None


def test_what_is_wanted_during_a_review_is_worked_on_after_it(
    desk: Desk, turned: TurnableClock
) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    claim = _claimed(desk)
    assert not desk.superseded(claim)
    desk.record("d2", _wish(full=True))
    assert desk.superseded(claim)
    assert desk.finish(claim)
    turned.turn(21)
    again = _claimed(desk)
    assert again.wanted > claim.wanted
    assert again.full


def test_a_redelivered_id_is_dropped_while_its_work_is_pending_or_done(
    desk: Desk, turned: TurnableClock
) -> None:
    assert desk.record("d1", _wish())
    assert not desk.record("d1", _wish())
    turned.turn(21)
    desk.finish(_claimed(desk))
    assert not desk.record("d1", _wish())


def test_a_redelivered_id_revives_what_was_given_up(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    desk.bury(_claimed(desk), "it failed")
    assert [dead.error for dead in desk.dead()] == ["it failed"]
    assert desk.record("d1", _wish())
    turned.turn(21)
    assert _claimed(desk).attempt == 1
    assert desk.dead() == []


def test_a_killed_worker_s_row_is_claimed_when_its_lease_ends(
    desk: Desk, turned: TurnableClock
) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    lost = _claimed(desk, "w1")
    turned.turn(59)
    assert desk.claim("w2") is None
    turned.turn(2)
    taken = _claimed(desk, "w2")
    assert (taken.wanted, taken.attempt) == (lost.wanted, 2)
    assert not desk.renew(lost)
    assert not desk.finish(lost)
    assert desk.renew(taken)


def test_a_renewed_lease_keeps_the_row(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    claim = _claimed(desk)
    for _ in range(5):
        turned.turn(40)
        assert desk.renew(claim)
        assert desk.claim("w2") is None


def test_postponed_work_waits_and_its_attempt_counts(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    desk.postpone(_claimed(desk), 30, "GitHub is down")
    turned.turn(29)
    assert desk.claim("w1") is None
    turned.turn(2)
    assert _claimed(desk).attempt == 2


def test_released_work_is_due_at_once_and_its_attempt_does_not_count(
    desk: Desk, turned: TurnableClock
) -> None:
    desk.record("d1", _wish())
    turned.turn(21)
    desk.release(_claimed(desk))
    assert _claimed(desk).attempt == 1


def test_limits_by_repository_and_server_are_conditions_of_the_claim(
    desk: Desk, turned: TurnableClock
) -> None:
    for number in (1, 2, 3):
        desk.record(f"a{number}", _wish(number, repository=7))
        desk.record(f"b{number}", _wish(number, repository=8))
    turned.turn(21)
    claims = [_claimed(desk, f"w{n}") for n in range(3)]
    assert max(sum(c.key.repository_id == r for c in claims) for r in (7, 8)) <= 2
    assert desk.claim("w4") is None
    desk.finish(claims[0])
    assert desk.claim("w4") is not None


def test_many_workers_never_claim_one_row_twice(database: Database) -> None:
    desk = Desk(database, DeskRules(debounce=0, per_repository=99, per_server=99))
    for number in range(20):
        desk.record(f"d{number}", _wish(number + 1))
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda n: desk.claim(f"w{n}"), range(30)))
    keys = [claim.key for claim in claims if claim]
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == 20


def test_operators_see_how_full_the_desk_is(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish(1))
    desk.record("d2", _wish(2))
    turned.turn(100)
    _claimed(desk)
    counts = desk.counts()
    assert (counts.waiting, counts.working, counts.dead, counts.oldest) == (1, 1, 0, 100)


def test_old_delivery_ids_are_forgotten(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish())
    turned.turn(8 * 86_400)
    assert desk.forget_deliveries(days=7) == 1
