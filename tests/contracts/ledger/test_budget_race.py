"""Threads and processes that race for the last cents, at an endpoint whose usage lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import parse_usd
from reviewbot.domain.scope import Kind
from reviewbot.ledger.quarantine import flagged
from reviewbot.ledger.scopes import kind_of
from tests.contracts.ledger.books import assert_balanced, counters, overspend
from tests.contracts.ledger.racing import PER_DAY, Load, limit_of, race, race_processes

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def _assert_nothing_overspent(database: Database) -> None:
    assert overspend(database, limit_of) == {}
    assert_balanced(database)
    assert all(reserved == 0 for _, reserved, _ in counters(database).values())


def test_sixty_four_threads_spend_to_the_limit_and_never_beyond(
    database: Database, database_url: str
) -> None:
    ended = race(Load(database_url, threads=64, calls=4))
    assert ended["granted"] > 50
    assert ended["refused"] > 0
    _assert_nothing_overspent(database)
    by_day = [sum(c) for s, c in counters(database).items() if kind_of(s) is Kind.REPOSITORY_DAY]
    assert max(by_day) > parse_usd(PER_DAY) * 9 // 10


def test_eight_processes_spend_to_the_limit_and_never_beyond(
    database: Database, database_url: str
) -> None:
    ended = race_processes(Load(database_url, threads=2, calls=12), processes=8)
    assert ended["granted"] > 50
    assert ended["refused"] > 0
    _assert_nothing_overspent(database)


def test_a_lie_is_recorded_in_full_and_nothing_is_asked_of_the_liar_again(
    database: Database, database_url: str
) -> None:
    """Calls that were under way when the first lie came may lie too; no more are granted."""
    ended = race(Load(database_url, threads=64, calls=4, lies=20))
    assert [name for name, _ in flagged(database)] == ["one"]
    assert ended["quarantined"] + ended["refused"] > 100
    _assert_nothing_overspent(database)
