"""Commits of merge queues, from being asked for to being answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.merge_groups import MergeGroups
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

HEAD = "3" * 40


def test_what_is_asked_again_before_its_answer_was_recorded_is_answered_anew(
    database: Database,
) -> None:
    turned = TurnableClock()
    groups = MergeGroups(database, turned.clock())
    groups.record(PullKey(7, 42), "acme/shop", 1, HEAD)
    answered = groups.claim("worker 1")
    assert answered is not None

    assert groups.reopen(7, HEAD, 5.0)
    groups.finish(answered)  # its check was seen, and asked for again, before
    assert groups.claim("worker 1") is None, "the review that was asked for begins first"
    turned.turn(6)
    again = groups.claim("worker 2")
    assert again is not None
    assert (again.head_sha, again.attempt) == (HEAD, 1)
    groups.finish(again)
    turned.turn(200)
    assert groups.claim("worker 2") is None


def test_a_commit_that_no_queue_made_is_not_asked_again(database: Database) -> None:
    assert not MergeGroups(database).reopen(7, HEAD, 0.0)
