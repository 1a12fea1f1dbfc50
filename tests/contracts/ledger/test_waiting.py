"""Refused calls wait in order, and few of them look at the database."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Usage
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending, Grant
from tests.contracts.ledger.charges import charge, limits
from tests.fakes.patience import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.database import Database, Session

_LITTLE = Attempt(Ending.ANSWERED, Usage(1, 1))


class _Counting:
    """A database that counts its transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self._lock:
            self.transactions += 1
        with self._database.transaction() as session:
            yield session

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self._database, name)


class _Watch:
    """A clock that knows how many threads have come to wait."""

    def __init__(self) -> None:
        self._waiting: set[int] = set()

    def clock(self) -> Clock:
        return Clock(time.time, self._pause)

    def see(self, count: int) -> None:
        """Return when so many wait."""
        wait_for(f"{count} to wait", lambda: len(self._waiting) >= count)

    def _pause(self, bell: threading.Event, seconds: float) -> None:
        self._waiting.add(threading.get_ident())
        bell.wait(seconds)


def test_who_waits_goes_on_as_soon_as_there_is_room(database: Database) -> None:
    watch = _Watch()
    ledger = SqlLedger(database, watch.clock(), patience=PATIENCE)
    held = ledger.reserve(charge("0.9"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.reserve, charge("0.9"))
        watch.see(1)
        assert not waiting.done()
        ledger.settle(held, _LITTLE)
        assert isinstance(waiting.result(timeout=PATIENCE), Grant)


def test_who_waits_is_served_in_order_of_coming_so_the_large_are_not_starved(
    database: Database,
) -> None:
    watch = _Watch()
    ledger = SqlLedger(database, watch.clock(), patience=PATIENCE)
    held = ledger.reserve(charge("0.5"))
    served: dict[str, str] = {}  # by the names of their grants, which sort as they were given

    def ask(worst: str) -> None:
        grant = ledger.reserve(charge(worst))
        served[grant.id] = worst
        ledger.settle(grant, _LITTLE)

    with ThreadPoolExecutor(4) as pool:
        asked = []
        for worst in ("0.9", "0.3", "0.2"):  # the small ones would fit at once
            asked.append(pool.submit(ask, worst))
            watch.see(len(asked))
        assert served == {}
        ledger.settle(held, _LITTLE)
        for each in asked:
            each.result(timeout=PATIENCE)
    assert [served[name] for name in sorted(served)] == ["0.9", "0.3", "0.2"]


def test_a_second_look_that_waits_holds_up_no_first_reading(database: Database) -> None:
    watch = _Watch()
    ledger = SqlLedger(database, watch.clock(), patience=PATIENCE)
    within = limits(escalation_share=Decimal("0.9"))
    held = ledger.reserve(charge("0.5", within=within))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(ledger.reserve, charge("0.6", within=within, tier=Tier.STRONG))
        watch.see(1)
        first = SqlLedger(database, patience=0).reserve(charge("0.4", within=within))
        ledger.settle(first, _LITTLE)
        ledger.settle(held, _LITTLE)
        assert isinstance(second.result(timeout=PATIENCE), Grant)


def test_many_who_wait_do_not_hammer_the_database(database: Database) -> None:
    counting, watch, many = _Counting(database), _Watch(), 32
    ledger = SqlLedger(counting, watch.clock(), patience=PATIENCE)
    held = ledger.reserve(charge("0.9"))

    def ask(_: int) -> None:
        ledger.settle(ledger.reserve(charge("0.9")), _LITTLE)

    with ThreadPoolExecutor(many) as pool:
        asked = [pool.submit(ask, number) for number in range(many)]
        watch.see(many)
        begun = counting.transactions
        time.sleep(1.0)  # in which each of them would look five times, if not only the first did
        assert counting.transactions - begun < 2 * many
        ledger.settle(held, _LITTLE)
        for each in asked:
            each.result(timeout=PATIENCE)
