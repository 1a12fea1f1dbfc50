"""What endpoints say that they billed: kept, compared, and believed only where that is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.ledger import quarantine
from reviewbot.ledger.export import attempts
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reconcile import Line
from reviewbot.ledger.reported import deviating, reported
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import assert_balanced, counters
from tests.contracts.ledger.charges import charge

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database)


def _billed(
    ledger: SqlLedger, usd: str | None, *, believed: bool = False, ending: Ending = Ending.ANSWERED
) -> PicoUsd:
    """One call of 100,000 tokens, USD 0.10 at the configured price."""
    said = None if usd is None else parse_usd(usd)
    grant = ledger.reserve(charge("0.3", by_report=believed))
    return ledger.settle(grant, Attempt(ending, Usage(100_000, 0), reported=said))


@pytest.mark.parametrize(
    ("usd", "believed", "cost"),
    [
        (None, False, "0.1"),
        ("0.25", False, "0.1"),
        ("0.02", False, "0.1"),
        ("0.25", True, "0.25"),
        ("0.02", True, "0.02"),
        ("0", True, "0"),
        (None, True, "0.1"),
    ],
)
def test_an_endpoint_is_believed_only_where_that_is_set(
    ledger: SqlLedger,
    database: Database,
    usd: str | None,
    believed: bool,  # noqa: FBT001 - a case
    cost: str,
) -> None:
    assert _billed(ledger, usd, believed=believed) == parse_usd(cost)
    [row] = attempts(database)
    assert parse_usd(row["cost_usd"]) == parse_usd(cost)
    assert row["reported_usd"] == ("" if usd is None else usd)
    assert_balanced(database)


def test_a_bill_above_the_bound_is_no_matter_of_belief(
    ledger: SqlLedger, database: Database
) -> None:
    assert _billed(ledger, "0.9", believed=True) == parse_usd("0.9")
    [(name, _)] = quarantine.flagged(database)
    assert name == "one"
    assert counters(database)["pr:7/1"][0] == parse_usd("0.9"), "recorded in full"


def test_an_unknown_end_is_presumed_whatever_was_said(ledger: SqlLedger) -> None:
    assert _billed(ledger, "0.01", believed=True, ending=Ending.UNKNOWN) == parse_usd("0.3")


def test_both_figures_stand_side_by_side(ledger: SqlLedger, database: Database) -> None:
    for usd in ("0.11", "0.12", None):
        _billed(ledger, usd)
    [line] = reported(database, 0)
    assert line == Line(line.day, "small-v1", parse_usd("0.23"), parse_usd("0.2"), PicoUsd(0), 2)
    assert line.gap == parse_usd("0.03")
    assert not reported(database, 0, endpoint="another")


@pytest.mark.parametrize(("usd", "told"), [("0.104", False), ("0.11", True), ("0.05", True)])
def test_only_clear_deviations_are_told(
    ledger: SqlLedger,
    database: Database,
    usd: str,
    told: bool,  # noqa: FBT001 - a case
) -> None:
    _billed(ledger, usd)
    assert [name for name, _ in deviating(database, 0)] == ["one"] * told
