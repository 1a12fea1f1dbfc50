"""No reservation is granted that would make settled + reserved + presumed exceed a limit."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending, Grant
from tests.contracts.ledger.charges import charge, limits
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    import threading

    from reviewbot.ledger.database import Database

_PER_PR = parse_usd("1")


def _counters(database: Database) -> dict[str, tuple[int, int, int]]:
    with database.transaction() as session:
        rows = session.rows("SELECT scope, settled, reserved, presumed FROM budgets")
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def test_a_call_is_refused_that_would_exceed_any_scope_and_leaves_no_trace(
    database: Database,
) -> None:
    ledger = SqlLedger(database, patience=0)
    ledger.reserve(charge("0.6"))
    before = _counters(database)
    with pytest.raises(BudgetExhausted, match="the pull request"):
        ledger.reserve(charge("0.6"))
    assert _counters(database) == before


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
    assert _counters(database)["pr:7/1"] == (0, _PER_PR, 0)


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
    assert _counters(database)["pr:7/1"] == (0, _PER_PR, 0)


class BudgetMachine(RuleBasedStateMachine):
    """Any order of reserving, settling, expiring and settling late."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_database(f"sqlite:///{self.folder.name}/ledger.db")
        migrate(self.database)
        self.turned = TurnableClock()
        self.ledger = SqlLedger(self.database, self.turned.clock(), patience=0)
        self.open: list[Grant] = []
        self.ended: list[tuple[Grant, PicoUsd]] = []

    @rule(cents=st.integers(1, 60), number=st.integers(1, 2))
    def reserve(self, cents: int, number: int) -> None:
        try:
            grant = self.ledger.reserve(
                charge(f"0.{cents:02}", number=number, within=limits(per_day="1.5"))
            )
        except BudgetExhausted:
            return
        self.open.append(grant)

    @rule(
        which=st.integers(0, 5),
        tokens=st.integers(0, 5_000),
        ending=st.sampled_from(list(Ending)),
        counted=st.booleans(),
    )
    def settle(self, which: int, tokens: int, ending: Ending, *, counted: bool) -> None:
        if not self.open:
            return
        grant = self.open.pop(which % len(self.open))
        usage = Usage(tokens, tokens) if counted else None
        self.ended.append((grant, self.ledger.settle(grant, Attempt(ending, usage))))

    @rule(seconds=st.sampled_from([1.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.turned.turn(seconds)
        self.ledger.presume_expired()

    @rule(which=st.integers(0, 5))
    def settle_again(self, which: int) -> None:
        """As a worker does that was thought dead; nothing is counted twice."""
        if self.ended:
            grant, _ = self.ended[which % len(self.ended)]
            self.ledger.settle(grant, Attempt(Ending.REFUSED))

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        for scope, counts in _counters(self.database).items():
            limit = _PER_PR if scope.startswith("pr:") else parse_usd("1.5")
            if scope.startswith("pr:") or scope.count("-") == 2:
                assert sum(counts) <= limit, scope
            assert min(counts) >= 0, scope

    @invariant()
    def the_counters_are_the_sums_of_the_calls(self) -> None:
        with self.database.transaction() as session:
            rows = session.rows(
                "SELECT state, SUM(CASE WHEN state = 'reserved' THEN worst ELSE cost END)"
                " FROM bills GROUP BY state"
            )
        sums = {state: int(amount) for state, amount in rows}
        expected = tuple(sums.get(state, 0) for state in ("settled", "reserved", "presumed"))
        servers = [c for s, c in _counters(self.database).items() if s.startswith("server:")]
        assert servers in ([], [expected])

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
