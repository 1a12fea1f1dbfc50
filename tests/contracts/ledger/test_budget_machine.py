"""However reservations, bills, crashes and clocks interleave, no limit is exceeded."""

from __future__ import annotations

import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reviewbot.domain.errors import BudgetExhausted, EndpointQuarantined
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.domain.scope import Kind
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.quarantine import flagged, release
from reviewbot.ledger.scopes import kind_of
from reviewbot.review.ports import Attempt, Ending, Grant, Limits
from tests.contracts.ledger.books import assert_balanced, counters, overspend
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

_DAY = 86_400.0
_BY_KIND = {
    Kind.PULL: parse_usd("1"),
    Kind.AUTHOR_DAY: parse_usd("1.2"),
    Kind.REPOSITORY_DAY: parse_usd("1.5"),
    Kind.REPOSITORY_MONTH: parse_usd("2"),
    Kind.INSTALLATION_MONTH: parse_usd("2.2"),
    Kind.SERVER_MONTH: parse_usd("2.4"),
}
_LIMITS = Limits(
    per_pr=_BY_KIND[Kind.PULL],
    per_day=_BY_KIND[Kind.REPOSITORY_DAY],
    per_month=_BY_KIND[Kind.REPOSITORY_MONTH],
    per_installation=_BY_KIND[Kind.INSTALLATION_MONTH],
    per_server=_BY_KIND[Kind.SERVER_MONTH],
    per_author=_BY_KIND[Kind.AUTHOR_DAY],
)


def _limit_of(scope: str) -> int:
    return _BY_KIND[kind_of(scope)]


class BudgetMachine(RuleBasedStateMachine):
    """Any order of reserving, ending, crashing, expiring, ending late, and turning the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_database(f"sqlite:///{self.folder.name}/ledger.db")
        migrate(self.database)
        self.turned = TurnableClock()
        self.ledger = SqlLedger(self.database, self.turned.clock(), patience=0)
        self.open: list[Grant] = []
        self.ended: list[tuple[Grant, PicoUsd]] = []

    @rule(
        cents=st.integers(1, 60),
        number=st.integers(1, 3),
        author=st.integers(1, 2),
        tier=st.sampled_from([Tier.CHEAP, Tier.STRONG]),
        endpoint=st.sampled_from(["one", "two"]),
    )
    def reserve(self, cents: int, number: int, author: int, tier: Tier, endpoint: str) -> None:
        wanted = charge(
            f"0.{cents:02}",
            number=number,
            within=_LIMITS,
            author_id=author,
            review_id=f"review-{number}",
            tier=tier,
            endpoint=endpoint,
        )
        self.ledger.presume_expired()  # a refusal looks for expired calls first
        before = counters(self.database)
        try:
            grant = self.ledger.reserve(wanted)
        except (BudgetExhausted, EndpointQuarantined):
            assert counters(self.database) == before
            return
        self.open.append(grant)

    @rule(
        which=st.integers(0, 5),
        share=st.sampled_from([0, 1, 50, 99, 100]),
        ending=st.sampled_from(list(Ending)),
        counted=st.booleans(),
    )
    def end(self, which: int, share: int, ending: Ending, *, counted: bool) -> None:
        """With a usage anywhere within the bound, or none at all."""
        if not self.open:
            return
        grant = self.open.pop(which % len(self.open))
        tokens = grant.charge.worst // 10**6 * share // 100
        usage = Usage(tokens, 0) if counted else None
        cost = self.ledger.settle(grant, Attempt(ending, usage))
        self.ended.append((grant, cost))

    @rule(which=st.integers(0, 5), times=st.integers(2, 5))
    def lie(self, which: int, times: int) -> None:
        """A usage above the bound: the endpoint is left alone until somebody writes it off."""
        if not self.open:
            return
        grant = self.open.pop(which % len(self.open))
        usage = Usage(grant.charge.worst // 10**6 * times, 0)
        self.ended.append((grant, self.ledger.settle(grant, Attempt(Ending.ANSWERED, usage))))
        assert grant.charge.endpoint in dict(flagged(self.database))

    @rule()
    def write_off(self) -> None:
        for endpoint, _ in flagged(self.database):
            release(self.database, endpoint, "ada", "it is mended", self.turned.clock())

    @rule(which=st.integers(0, 5))
    def crash(self, which: int) -> None:
        """The worker is gone: nobody settles, until the lease is over."""
        if self.open:
            self.ended.append((self.open.pop(which % len(self.open)), PicoUsd(0)))

    @rule(
        seconds=st.sampled_from([1.0, 61.0, _DAY, 31 * _DAY, -3_600.0, -_DAY, -31 * _DAY]),
    )
    def the_clock_turns(self, seconds: float) -> None:
        self.turned.turn(seconds)
        self.ledger.presume_expired()

    @rule(which=st.integers(0, 5), share=st.sampled_from([0, 70, 100]))
    def end_late(self, which: int, share: int) -> None:
        """As a worker does that was thought dead; nothing is counted twice."""
        if self.ended:
            grant, _ = self.ended[which % len(self.ended)]
            tokens = grant.charge.worst // 10**6 * share // 100
            self.ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(tokens, 0)))

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        assert overspend(self.database, _limit_of) == {}
        assert all(min(counts) >= 0 for counts in counters(self.database).values())

    @invariant()
    def the_books_balance(self) -> None:
        assert_balanced(self.database)

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
