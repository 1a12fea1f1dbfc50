"""The budget law, and the table of answers that is written with it.

No reservation is granted that would make settled + reserved + presumed exceed a limit, in any
scope. Each counter is one row, changed only where the sum still fits, in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.domain.outcome import Shortage
from reviewbot.domain.scope import exhausted
from reviewbot.ledger import alerts, calls, counters, drains, egress, quarantine, rollups
from reviewbot.ledger.answers import preferred, store
from reviewbot.ledger.clock import Clock, at_utc
from reviewbot.ledger.naming import new_id
from reviewbot.ledger.scopes import pull_scope, scopes_of
from reviewbot.ledger.switch import refuse_while_stopped
from reviewbot.ledger.waiting import WaitingRoom
from reviewbot.review.ports import Attempt, Ending, Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from reviewbot.domain.errors import BudgetExhausted
    from reviewbot.domain.money import Price
    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.calls import Bill, Entry
    from reviewbot.ledger.counters import Counter, Moved
    from reviewbot.ledger.database import Database, Session
    from reviewbot.ledger.scopes import Scope
    from reviewbot.review.ports import Answer, Charge

_EXPIRED_AT_ONCE = 100
_LARGEST = 10**15  # a usage that was made up must not spoil the sum

# The price of a request of so many tokens at a time, or None where nothing says.
Yardstick: TypeAlias = "Callable[[datetime, int], Price | None]"


class SqlLedger:
    """The port ``Ledger`` on a database; *patience* bounds the wait for other reservations.

    *hears* is called with each alert, after the commit that raised it. *yardstick* is the
    strong model's price, which the cheap tier's calls are compared with.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock | None = None,
        patience: float = 60.0,
        hears: Callable[[Alert], object] = lambda _alert: None,
        yardstick: Yardstick = lambda _at, _tokens: None,
    ) -> None:
        self._database = database
        self._clock = clock or Clock()
        self._patience = patience
        self._hears = hears
        self._yardstick = yardstick
        self._room = WaitingRoom(self._clock)

    def known(self, keys: Sequence[str], models: Sequence[str]) -> Mapping[str, Answer]:
        """The stored answers to *keys*; where several models answered, the preferred one's."""
        if not keys or not models:
            return {}
        with self._database.transaction() as session:
            return preferred(session, keys, models, self._clock.milliseconds())

    # --- reserving ---------------------------------------------------------------------------

    def reserve(self, charge: Charge) -> Grant:
        """Set the worst case aside in every scope or none.

        Waits, in order, while reservations of the refusing scope may still shrink enough, unless
        the charge says not to.
        Raises BudgetExhausted, EndpointQuarantined for an endpoint that overbilled,
        EndpointDrained for one that an administrator took out of service, or SpendingStopped
        while all of it is stopped.
        """
        deadline = self._clock.seconds() + (self._patience if charge.waits else 0.0)
        waits_at = self._room.queued(scopes_of(charge, self._clock.today()))
        if waits_at is None:
            tried = self._try(charge)
            if isinstance(tried, Grant):
                return tried
            waits_at = self._worth_waiting(tried, charge, deadline)
        while True:
            tried = self._wait(charge, waits_at, deadline)
            if isinstance(tried, Grant):
                return tried
            waits_at = self._worth_waiting(tried, charge, deadline)

    def _wait(self, charge: Charge, scope: Scope, deadline: float) -> Grant | Counter:
        """Queue up at *scope*; ends with the grant, or when there is nothing to wait for there."""
        with self._room.place(scope) as place:
            place.wait_for_turn(deadline)
            while True:
                tried = self._try(charge)
                if isinstance(tried, Grant) or tried.scope.lane != scope.lane:
                    return tried
                self._worth_waiting(tried, charge, deadline)
                place.pause(deadline)

    def _worth_waiting(self, refused: Counter, charge: Charge, deadline: float) -> Scope:
        """The scope to wait at; raises BudgetExhausted where that is in vain."""
        if refused.may_make_room(charge.worst) and self._clock.seconds() < deadline:
            return refused.scope
        if charge.waits:  # else it may only look as if the limit were used up
            self._alarm(refused, charge)
        raise _exhausted(refused, charge.worst)

    def _try(self, charge: Charge) -> Grant | Counter:
        """One attempt; what expired is presumed before a refusal is believed."""
        try:
            return self._reserve(charge)
        except counters.Refused as refused:
            if not self.presume_expired():
                return refused.counter
        return self._try(charge)

    def _reserve(self, charge: Charge) -> Grant:
        grant = Grant(new_id(), charge)
        scopes = scopes_of(charge, self._clock.today())
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            refuse_while_stopped(session)
            drains.refuse_drained(session, charge.endpoint)
            counters.set_aside(session, scopes, charge.worst, now)
            quarantine.refuse_flagged(session, charge.endpoint)
            lease_until = self._clock.milliseconds(charge.lease_seconds)
            calls.open_call(session, grant, scopes, now, lease_until)
            egress.record(session, grant, now)
        return grant

    # --- settling ----------------------------------------------------------------------------

    def settle(self, grant: Grant, attempt: Attempt, answers: Sequence[Answer] = ()) -> PicoUsd:
        """Record what came of *grant*, with its answers, in one commit; returns the cost.

        A call that was presumed meanwhile gets a correction. A bill above its bound is recorded
        in full, puts the endpoint under quarantine and closes the pull request's scope.
        """
        bill = calls.bill_of(grant.charge, attempt)
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            entry = calls.entry(session, grant.id)
            raised = self._end(session, entry, bill, attempt)
            if bill.cost > entry.worst and not _is_told(attempt):
                self._accuse(session, grant, bill.cost)
            for answer in answers:
                store(session, answer, now)
        self._room.shrank(entry.scopes)
        self._tell(raised)
        return bill.cost

    def presume_expired(self) -> int:
        """Enter calls whose lease ran out at their worst case; returns how many."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            expired = calls.expired(session, now, _EXPIRED_AT_ONCE)
        for call_id in expired:  # one transaction each, so that locks are taken in one order
            lost = Attempt(Ending.UNKNOWN, error="lease-expired")
            with self._database.transaction() as session:
                entry = calls.entry(session, call_id)
                raised = self._end(session, entry, calls.presumed(entry.worst), lost)
            self._room.shrank(entry.scopes)
            self._tell(raised)
        return len(expired)

    def _end(self, session: Session, entry: Entry, bill: Bill, attempt: Attempt) -> list[Alert]:
        """Close or correct the call, move its money, add it to the sums: once each."""
        now = self._clock.milliseconds()
        moves: list[Moved] = []
        if calls.close(session, entry.id, bill, attempt, now):
            moves = counters.end(session, entry, bill)
            rollups.add_ended(session, entry, bill, attempt, self._instead(entry, bill, attempt))
        elif bill.is_settled and calls.correct(session, entry.id, bill, attempt, now):
            moves = counters.correct(session, entry, bill)
            rollups.add_corrected(session, entry, bill, self._instead(entry, bill, attempt))
        return alerts.crossed(session, moves, (entry.repository, entry.number), now)

    def _instead(self, entry: Entry, bill: Bill, attempt: Attempt) -> int:
        """What the strong model would have cost, at the price of when the call was made."""
        usage = attempt.usage
        if entry.tier != Tier.CHEAP or usage is None or not bill.is_settled:
            return 0
        price = self._yardstick(at_utc(entry.reserved_at), usage.input)
        return min(price.cost(usage), _LARGEST) if price else 0

    def _accuse(self, session: Session, grant: Grant, cost: PicoUsd) -> None:
        charge = grant.charge
        why = f"billed {format_usd(cost)} where {format_usd(charge.worst)} was the bound"
        quarantine.flag(session, charge.endpoint, why, self._clock.milliseconds())
        counters.close(session, pull_scope(charge.purse.pull), charge.endpoint)

    # --- alerts ------------------------------------------------------------------------------

    def _alarm(self, refused: Counter, charge: Charge) -> None:
        """A limit that refuses calls is used up, however little of it is left."""
        scope, purse = refused.scope, charge.purse
        if scope.ceiling < scope.limit:
            return  # only second looks are refused: what alerts are for is still to come
        alert = alerts.Alert(
            scope=scope.name,
            level=alerts.LEVELS[-1],
            cap=scope.limit,
            spent=refused.spent,
            repository=purse.repository,
            number=purse.pull.number,
            at=self._clock.milliseconds(),
        )
        with self._database.transaction() as session:
            raised = alerts.raise_once(session, alert)
        self._tell(raised)

    def _tell(self, raised: Sequence[Alert]) -> None:
        for alert in raised:
            self._hears(alert)


def _is_told(attempt: Attempt) -> bool:
    """Whether a companion named the cost: it asks as often as it must, under its own limits."""
    return attempt.usage is not None and attempt.usage.told is not None


def _exhausted(refused: Counter, worst: PicoUsd) -> BudgetExhausted:
    scope = refused.scope
    shortage = Shortage(
        scope.title,
        scope.limit,
        refused.spent,
        worst,
        kept=PicoUsd(scope.limit - scope.ceiling),
        closed_by=refused.closed_by,
    )
    return exhausted(scope.name, shortage)
