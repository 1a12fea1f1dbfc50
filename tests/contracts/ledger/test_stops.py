"""What must not be worked on: suspended and removed installations, and spending that is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import SpendingStopped
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.ledger.audit import decisions
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.installations import Installations
from reviewbot.ledger.merge_groups import MergeGroups
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.switch import Switch
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_RULES = DeskRules(debounce=0, per_repository=9, per_server=9)
_HEAD = "a" * 40


@pytest.fixture
def turned() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def desk(database: Database, turned: TurnableClock) -> Desk:
    return Desk(database, _RULES, turned.clock())


@pytest.fixture
def installations(database: Database, turned: TurnableClock) -> Installations:
    return Installations(database, turned.clock())


def _wish(
    repository: int = 7, installation: int = 3, reason: str = "opened", asked_by: str = ""
) -> Wish:
    key = PullKey(repository, 1)
    return Wish(key, "acme/shop", installation, reason, asked_by=asked_by)


# --- installations ---------------------------------------------------------------------------


def test_work_for_a_suspended_installation_waits_until_that_is_over(
    desk: Desk, installations: Installations, turned: TurnableClock
) -> None:
    desk.record("d1", _wish())
    desk.record("d2", _wish(repository=8, installation=4))
    turned.turn(1)
    installations.set(3, "suspended")
    taken = desk.claim("w")
    assert taken is not None
    assert (taken.installation_id, desk.claim("w"), desk.halted(taken)) == (4, None, False)
    assert installations.stopped() == [(3, "suspended")]
    turned.turn(1)
    installations.set(3, "active")
    again = desk.claim("w")
    assert again is not None
    assert again.installation_id == 3
    installations.set(3, "suspended")
    assert desk.halted(again)


def test_work_for_what_was_removed_is_gone(
    desk: Desk, installations: Installations, turned: TurnableClock
) -> None:
    for number, wish in enumerate((_wish(7, 3), _wish(8, 3), _wish(9, 4))):
        desk.record(f"d{number}", wish)
    turned.turn(1)
    installations.change(3, added=(), removed=(7,))
    installations.set(4, "removed")
    turned.turn(1)
    claim = desk.claim("w")
    assert claim is not None
    assert (claim.key.repository_id, desk.claim("w")) == (8, None)
    desk.finish(claim)
    installations.change(3, added=(7,), removed=())
    assert desk.claim("w") is None
    assert desk.counts().waiting == 0


def test_what_comes_late_changes_nothing(installations: Installations) -> None:
    installations.set(3, "active", at=2_000)
    installations.set(3, "suspended", at=1_000)
    assert installations.stopped() == []
    installations.set(3, "suspended", at=2_000)
    assert installations.stopped() == [(3, "suspended")]


# --- spending --------------------------------------------------------------------------------


def test_while_spending_is_stopped_nothing_is_reserved_or_claimed(
    database: Database, desk: Desk, turned: TurnableClock
) -> None:
    ledger, switch = SqlLedger(database, turned.clock()), Switch(database, turned.clock())
    desk.record("d1", _wish())
    turned.turn(1)
    assert switch.stop("alice@host", "the bill")
    assert not switch.stop("bob@host", "too")
    with pytest.raises(SpendingStopped, match="the bill"):
        ledger.reserve(charge())
    assert desk.claim("w") is None
    turned.turn(1)
    assert switch.start("bob@host")
    assert not switch.start("bob@host")
    ledger.reserve(charge())
    assert desk.claim("w") is not None
    acts = [(each.who, each.action, each.why) for each in decisions(database)]
    assert sorted(acts) == [
        ("alice@host", "stop", "the bill"),
        ("bob@host", "start", ""),
        ("bob@host", "start", ""),
        ("bob@host", "stop", "too"),
    ]


# --- what a row is wanted for ----------------------------------------------------------------


def test_a_claim_knows_who_asked_and_whether_anything_else_did(
    desk: Desk, turned: TurnableClock
) -> None:
    desk.record("d1", _wish(asked_by="mallory"))
    desk.record("d2", _wish(asked_by="alice"))
    turned.turn(1)
    claim = desk.claim("w")
    assert claim is not None
    assert (claim.askers, claim.only_asked) == (("alice", "mallory"), True)
    desk.record("d3", _wish(asked_by="carol"))
    desk.finish(claim)
    turned.turn(1)
    desk.record("d4", _wish(reason="synchronize"))
    turned.turn(1)
    again = desk.claim("w")
    assert again is not None
    assert (again.askers, again.only_asked) == (("carol",), False)


def test_labels_hide_nothing_that_a_row_is_wanted_for(desk: Desk, turned: TurnableClock) -> None:
    desk.record("d1", _wish())
    desk.record("d2", _wish(reason="labeled"))
    turned.turn(1)
    claim = desk.claim("w")
    assert claim is not None
    assert not claim.only_framing
    desk.finish(claim)
    desk.record("d3", _wish(reason="unlabeled"))
    turned.turn(1)
    again = desk.claim("w")
    assert again is not None
    assert again.only_framing


def test_the_end_of_a_pull_request_matters_only_where_something_waits(
    desk: Desk, turned: TurnableClock
) -> None:
    closed = _wish(reason="closed")
    assert not desk.record_end(closed)
    desk.record("d1", _wish())
    turned.turn(1)
    claim = desk.claim("w")
    assert claim is not None
    assert desk.record_end(closed)
    assert desk.superseded(claim)
    desk.finish(claim)
    turned.turn(1)
    last = desk.claim("w")
    assert last is not None
    desk.finish(last)
    assert not desk.record_end(closed)


# --- merge groups ----------------------------------------------------------------------------


def test_a_merge_group_is_answered_once(database: Database, turned: TurnableClock) -> None:
    groups = MergeGroups(database, turned.clock())
    key = PullKey(7, 1)
    assert groups.record(key, "acme/shop", 3, _HEAD)
    assert not groups.record(key, "acme/shop", 3, _HEAD)
    group = groups.claim("w1")
    assert group is not None
    assert (group.key, group.head_sha, group.attempt) == (key, _HEAD, 1)
    assert groups.claim("w2") is None
    groups.postpone(group, 5)
    assert groups.claim("w2") is None
    turned.turn(6)
    again = groups.claim("w2")
    assert again is not None
    assert (again.attempt, again.age) == (2, 6)
    groups.finish(group)  # lost meanwhile
    turned.turn(121)
    third = groups.claim("w3")
    assert third is not None
    groups.finish(third)
    turned.turn(121)
    assert groups.claim("w4") is None


def test_a_stop_of_spending_stops_no_answers_and_a_suspension_does(
    database: Database, installations: Installations, turned: TurnableClock
) -> None:
    groups = MergeGroups(database, turned.clock())
    groups.record(PullKey(7, 1), "acme/shop", 3, _HEAD)
    groups.record(PullKey(8, 1), "acme/other", 4, _HEAD)
    Switch(database, turned.clock()).stop("alice", "the bill")
    installations.set(3, "suspended")
    turned.turn(1)
    group = groups.claim("w")
    assert group is not None
    assert (group.installation_id, groups.claim("w")) == (4, None)
