"""No reservation is granted that would make settled + reserved + presumed exceed a limit."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import counters
from tests.contracts.ledger.charges import charge, limits
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    import threading

    from reviewbot.ledger.database import Database

_PER_PR = parse_usd("1")


def test_a_call_is_refused_that_would_exceed_any_scope_and_leaves_no_trace(
    database: Database,
) -> None:
    ledger = SqlLedger(database, patience=0)
    ledger.reserve(charge("0.6"))
    before = counters(database)
    with pytest.raises(BudgetExhausted, match="the pull request"):
        ledger.reserve(charge("0.6"))
    assert counters(database) == before


def test_the_repository_s_day_is_shared_by_its_pull_requests(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    narrow = limits(per_day="1")
    ledger.reserve(charge("0.6", number=1, within=narrow))
    with pytest.raises(BudgetExhausted, match="the repository today"):
        ledger.reserve(charge("0.6", number=2, within=narrow))


def test_max_cost_bounds_one_review(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    with pytest.raises(BudgetExhausted, match="--max-cost"):
        ledger.reserve(charge("0.4", within=limits(per_review="0.3")))


def test_a_refused_call_waits_while_reservations_may_still_shrink(database: Database) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock(), patience=60)
    first = ledger.reserve(charge("0.9"))

    def wait_and_settle(_event: threading.Event, seconds: float) -> None:
        turned.turn(seconds)
        ledger.settle(first, Attempt(Ending.ANSWERED, Usage(10, 10)))

    waiting = SqlLedger(database, Clock(lambda: turned.now, wait_and_settle), patience=60)
    assert waiting.reserve(charge("0.9")).charge.worst == parse_usd("0.9")


def test_nobody_waits_for_what_cannot_shrink_enough(database: Database) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock(), patience=60)
    ledger.settle(ledger.reserve(charge("0.9")), Attempt(Ending.UNKNOWN))
    begin = turned.now
    with pytest.raises(BudgetExhausted):
        ledger.reserve(charge("0.2"))
    assert turned.now == begin


def test_threads_racing_for_the_last_cents_never_exceed_the_limit(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)

    def try_to_reserve(_: int) -> bool:
        try:
            ledger.reserve(charge("0.1"))
        except BudgetExhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(try_to_reserve, range(40)))
    assert granted == 10
    assert counters(database)["pr:7/1"] == (0, _PER_PR, 0)


_RACER = """
import sys
from reviewbot.domain.errors import BudgetExhausted
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.database import open_database
from reviewbot.ledger.money import SqlLedger
from tests.contracts.ledger.charges import charge
database = open_database(sys.argv[1])
ledger = SqlLedger(database, patience=0)
granted = 0
for _ in range(12):
    try:
        ledger.reserve(charge("0.1"))
        granted += 1
    except BudgetExhausted:
        pass
print(granted)
database.close()
"""


def test_processes_racing_for_the_last_cents_never_exceed_the_limit(
    database: Database, database_url: str
) -> None:
    root = Path(__file__).parents[3]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, database_url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for _ in range(4)
    ]
    granted = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert sum(granted) == 10
    assert counters(database)["pr:7/1"] == (0, _PER_PR, 0)
