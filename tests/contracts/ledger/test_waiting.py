"""Refused calls wait in order, and few of them look at the database."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Usage
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending, Grant
from tests.contracts.ledger.charges import charge, limits

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


def test_who_waits_goes_on_as_soon_as_there_is_room(database: Database) -> None:
    ledger = SqlLedger(database, patience=30)
    held = ledger.reserve(charge("0.9"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.reserve, charge("0.9"))
        time.sleep(0.3)
        assert not waiting.done()
        ledger.settle(held, _LITTLE)
        assert isinstance(waiting.result(timeout=10), Grant)


def test_who_waits_is_served_in_order_of_coming_so_the_large_are_not_starved(
    database: Database,
) -> None:
    ledger = SqlLedger(database, patience=30)
    held = ledger.reserve(charge("0.5"))
    served: list[str] = []

    def ask(worst: str) -> None:
        grant = ledger.reserve(charge(worst))
        served.append(worst)
        ledger.settle(grant, _LITTLE)

    with ThreadPoolExecutor(4) as pool:
        asked = []
        for worst in ("0.9", "0.3", "0.2"):  # the small ones would fit at once
            asked.append(pool.submit(ask, worst))
            time.sleep(0.2)
        assert served == []
        ledger.settle(held, _LITTLE)
        for each in asked:
            each.result(timeout=10)
    assert served == ["0.9", "0.3", "0.2"]


def test_a_second_look_that_waits_holds_up_no_first_reading(database: Database) -> None:

    ledger = SqlLedger(database, patience=30)
    within = limits(escalation_share=Decimal("0.9"))
    held = ledger.reserve(charge("0.5", within=within))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(ledger.reserve, charge("0.6", within=within, tier=Tier.STRONG))
        time.sleep(0.2)
        first = SqlLedger(database, patience=0).reserve(charge("0.4", within=within))
        ledger.settle(first, _LITTLE)
        ledger.settle(held, _LITTLE)
        assert isinstance(second.result(timeout=10), Grant)


def test_many_who_wait_do_not_hammer_the_database(database: Database) -> None:
    counting = _Counting(database)
    ledger = SqlLedger(counting, patience=1.5)
    ledger.reserve(charge("0.9"))

    def ask(_: int) -> bool:
        with pytest.raises(BudgetExhausted):
            ledger.reserve(charge("0.9"))
        return True

    begun = counting.transactions
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(32)))
    # Each comes once or twice and gives up once; only the first of the queue looks again.
    assert counting.transactions - begun < 32 * 6 + 40
