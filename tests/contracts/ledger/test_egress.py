"""What may have left is recorded with its reservation, and never afterwards changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.egress import Egress
from reviewbot.domain.errors import BudgetExhausted, LedgerError
from reviewbot.ledger import egress
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

LEAVING = Egress(1_234, "ab" * 32, 2)


def test_every_reservation_says_what_leaves(database: Database) -> None:
    clock = TurnableClock()
    ledger = SqlLedger(database, clock.clock())
    grant = ledger.reserve(charge("0.1", egress=LEAVING))
    ledger.settle(grant, Attempt(Ending.REFUSED))
    [row] = egress.entries(database)
    assert row == {
        "call_id": grant.id,
        "at": "2027-01-15T08:00:00.000+00:00",
        "repository_id": 7,
        "repository": "acme/shop",
        "pull_request": 1,
        "endpoint": "one",
        "jurisdiction": grant.charge.jurisdiction,
        "bytes": 1_234,
        "prompt_sha256": "ab" * 32,
        "redactions": 2,
    }


def test_what_the_budget_refused_did_not_leave(database: Database) -> None:
    ledger = SqlLedger(database, TurnableClock().clock())
    with pytest.raises(BudgetExhausted):
        ledger.reserve(charge("2", egress=LEAVING))
    assert list(egress.entries(database)) == []


def test_rows_are_read_in_order_by_time_and_repository(database: Database) -> None:
    clock = TurnableClock()
    ledger = SqlLedger(database, clock.clock())
    for number in (1, 2, 3):
        ledger.reserve(charge("0.1", number=number, egress=replace(LEAVING, bytes=number)))
        clock.turn(10)
    since = int((clock.now - 15) * 1000)
    assert [row["bytes"] for row in egress.entries(database)] == [1, 2, 3]
    assert [row["bytes"] for row in egress.entries(database, since)] == [3]
    assert len(list(egress.entries(database, 0, "ACME/shop"))) == 3
    assert list(egress.entries(database, 0, "acme/other")) == []


def test_the_database_itself_refuses_to_change_a_row(database: Database) -> None:
    ledger = SqlLedger(database, TurnableClock().clock())
    for number in (1, 2):
        ledger.reserve(charge("0.1", number=number, egress=LEAVING))
    before = list(egress.entries(database))
    changes = ("endpoint = 'two'", "bytes = bytes", "at = 0 WHERE number = 1", "call_id = 'x'")
    for change in changes:
        with (
            pytest.raises(LedgerError, match="egress is only added to"),
            database.transaction() as session,
        ):
            session.change(f"UPDATE egress SET {change}")  # noqa: S608 - fixed text
    assert list(egress.entries(database)) == before


def test_old_rows_are_removed(database: Database) -> None:
    clock = TurnableClock()
    ledger = SqlLedger(database, clock.clock())
    ledger.reserve(charge("0.1", egress=LEAVING))
    clock.turn(399 * 86_400)
    egress.forget(database, 400, clock.clock())
    assert len(list(egress.entries(database))) == 1
    clock.turn(2 * 86_400)
    egress.forget(database, 400, clock.clock())
    assert list(egress.entries(database)) == []


def test_a_prompts_digest_tells_its_messages_apart() -> None:
    assert Egress.of("a", "b").digest != Egress.of("ab", "").digest
    assert Egress.of("s", "x\ud800").bytes == 4
    leaving = Egress.of("[redacted: …] explains", "[redacted: token] [redacted: key]")
    assert leaving.redactions == 2
