"""A vendor's invoice against the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import UsageError
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reconcile import Columns, Line, Rate, read_invoice, reconcile, total
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_USD = Rate()


def _invoice(
    text: str, rate: Rate = _USD, columns: Columns | None = None
) -> dict[tuple[str, str], PicoUsd]:
    return read_invoice(text.splitlines(keepends=True), rate, columns)


def _spend(ledger: SqlLedger, tokens: int, upstream: str = "small-v1") -> None:
    grant = ledger.reserve(charge("0.3", upstream=upstream))
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(tokens, 0)))


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    """Two days of 2027: 0.30 and one presumed call of 0.40, then 0.10."""
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    _spend(ledger, 300_000)
    ledger.settle(ledger.reserve(charge("0.4")), Attempt(Ending.UNKNOWN))
    turned.turn(86_400)
    _spend(ledger, 100_000)
    return ledger


@pytest.mark.usefixtures("ledger")
def test_the_gap_is_shown_by_day_and_model_and_what_is_presumed_stands_apart(
    database: Database,
) -> None:
    invoice = read_invoice(
        [
            "date,model,cost\n",
            "2027-01-15,small-v1,0.50\n",
            "2027-01-16,small-v1-2027-01-01,0.10\n",
            "2027-01-16,unheard-of,1\n",
        ],
        _USD,
    )
    lines = reconcile(database, invoice)
    assert [(line.day, line.model, line.gap) for line in lines] == [
        ("2027-01-15", "small-v1", parse_usd("0.20")),
        ("2027-01-16", "small-v1", 0),
        ("2027-01-16", "unheard-of", parse_usd("1")),
    ]
    assert lines[0].presumed == parse_usd("0.4")
    assert total(lines).gap == parse_usd("1.20")


@pytest.mark.usefixtures("ledger")
def test_what_the_vendor_does_not_bill_is_a_gap_too(database: Database) -> None:
    invoice = read_invoice(
        ["day,model,cost\n", "2027-01-15,other,1\n", "2027-01-16,other,1\n"], _USD
    )
    lines = reconcile(database, invoice)
    mine = [line for line in lines if line.model == "small-v1"]
    assert [(line.day, line.gap) for line in mine] == [
        ("2027-01-15", -parse_usd("0.3")),
        ("2027-01-16", -parse_usd("0.1")),
    ]
    assert reconcile(database, invoice, endpoint="another")[0] == Line(
        "2027-01-15", "other", parse_usd("1"), parse_usd("0"), parse_usd("0"), 0
    )


def test_another_currency_counts_at_the_given_rate() -> None:
    text = "Date;Model;Amount;Currency\n2027-01-15;m;10.5;eur\n"
    assert _invoice(text, Rate("EUR", Decimal("1.08"))) == {("2027-01-15", "m"): parse_usd("11.34")}
    with pytest.raises(UsageError, match=r"line 2 .* it is in EUR; say --currency EUR --rate"):
        _invoice(text)


@pytest.mark.parametrize(
    ("day", "read"),
    [
        ("2027-01-15T23:59:59Z", "2027-01-15"),
        ("1800000000", "2027-01-15"),
        ("1800000000000", "2027-01-15"),
    ],
)
def test_days_are_read_as_vendors_write_them(day: str, read: str) -> None:
    text = f"usage_date,model_name,amount_value\n{day},m,$1.00\n\n{day},m,0.5\n"
    assert _invoice(text) == {(read, "m"): parse_usd("1.5")}


def test_unusual_columns_can_be_named() -> None:
    text = "when,what,how much\n2027-01-15,m,1\n"
    with pytest.raises(UsageError, match="no column for the day; it has when, what, how much"):
        _invoice(text)
    columns = Columns("when", "what", "How Much")
    assert _invoice(text, _USD, columns) == {("2027-01-15", "m"): parse_usd("1")}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("15.01.2027,m,1", "is no day"),
        ("2027-01-15,,1", "names no model"),
        ("2027-01-15,m,free", "is no amount"),
        ("2027-01-15,m,1e30", "no sane amount"),
        ("2027-01-15,m,NaN", "no sane amount"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(row: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"line 2 of the invoice: .*{why}"):
        _invoice(f"date,model,cost\n{row}\n")


def test_an_empty_invoice_has_no_lines(database: Database) -> None:
    assert reconcile(database, {}) == []
