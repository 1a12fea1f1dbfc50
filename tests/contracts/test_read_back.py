"""Reading back what people did: what fails is tried again, and never for ever; both databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import Forbidden, ForgeUnavailable, NotFound, RateLimited
from reviewbot.domain.feedback import Reception
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.read_backs import ReadBacks
from reviewbot.ledger.reviews import Reviews
from reviewbot.runtime.read_back import ReadingBack, follow_recent
from tests.contracts.ledger.findings import MARIA, fates, finding, post, seen
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.posted import PostedFinding
    from reviewbot.ledger.database import Database

_KEY = PullKey(7, 1)
_WISH = Wish(_KEY, "acme/shop", 3, "closed")
_DAY = 86_400.0


@dataclass
class _GitHub:
    """Fails with each error in turn, then shows what people did."""

    errors: list[Exception] = field(default_factory=list)
    asked: list[tuple[int, str, PullKey]] = field(default_factory=list)

    def posted(
        self, installation_id: int, repository: str, pull: PullKey
    ) -> Sequence[PostedFinding]:
        self.asked.append((installation_id, repository, pull))
        if self.errors:
            raise self.errors.pop(0)
        return [seen(Reception(liked_by=(MARIA,)))]


@dataclass
class _World:
    database: Database
    turned: TurnableClock = field(default_factory=TurnableClock)
    github: _GitHub = field(default_factory=_GitHub)

    def __post_init__(self) -> None:
        self.reviews = Reviews(self.database, self.turned.clock())
        self.read_backs = ReadBacks(self.database, self.turned.clock())
        self.errand = ReadingBack(self.read_backs, self.reviews, self.github.posted)
        post(self.reviews, finding())


@pytest.fixture
def world(database: Database) -> _World:
    return _World(database)


def test_what_is_due_is_read_once(world: _World) -> None:
    assert not world.errand("one")
    world.read_backs.record(_WISH)
    assert world.errand("one")
    assert not world.errand("one")
    assert world.github.asked == [(3, "acme/shop", _KEY)]
    assert fates(world.database) == {"f1": ("accepted", "thumbs")}


@pytest.mark.parametrize("error", [ForgeUnavailable("it is down"), ZeroDivisionError()])
def test_what_fails_is_tried_again_later(world: _World, error: Exception) -> None:
    world.github.errors = [error]
    world.read_backs.record(_WISH)
    assert world.errand("one")
    assert not world.errand("one")
    world.turned.turn(61)
    assert world.errand("one")
    assert fates(world.database) == {"f1": ("accepted", "thumbs")}


def test_a_rate_limit_is_waited_for(world: _World) -> None:
    world.github.errors = [RateLimited("slow down", 600.0)]
    world.read_backs.record(_WISH)
    world.errand("one")
    world.turned.turn(590)
    assert not world.errand("one")
    world.turned.turn(11)
    assert world.errand("one")


@pytest.mark.parametrize("error", [NotFound("gone"), Forbidden("not yours")])
def test_what_is_gone_is_let_go(world: _World, error: Exception) -> None:
    world.github.errors = [error]
    world.read_backs.record(_WISH)
    assert world.errand("one")
    world.turned.turn(_DAY)
    assert not world.errand("one")
    assert fates(world.database) == {"f1": ("unknown", "")}


def test_what_fails_again_and_again_is_given_up(world: _World) -> None:
    world.github.errors = [ForgeUnavailable("it is down")] * 10
    world.read_backs.record(_WISH)
    while world.errand("one"):
        world.turned.turn(_DAY)
    assert len(world.github.asked) == 5


def test_the_service_follows_what_was_posted_of_late(world: _World) -> None:
    Desk(world.database, DeskRules(), world.turned.clock()).record("d1", _WISH)
    assert follow_recent(world.read_backs) == 0
    for _ in range(9):
        world.turned.turn(_DAY + 1)
        follow_recent(world.read_backs)
        while world.errand("one"):
            pass
    assert len(world.github.asked) == 6
