"""A vendor's invoice or usage export against the ledger: the gap by day and model."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from reviewbot.domain.errors import UsageError
from reviewbot.domain.money import PICO_PER_USD, PicoUsd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reviewbot.ledger.database import Database

# What vendors call their columns, in lower case; the first that is there is taken.
_DAYS = ("date", "day", "usage_date", "usage date", "start_time", "start time", "timestamp")
_MODELS = ("model", "model_name", "model name", "model_slug", "snapshot_id", "line_item")
_COSTS = ("cost", "cost_usd", "amount", "amount_value", "total_cost", "spend", "usage_cost")
_CURRENCIES = ("currency", "amount_currency", "cost_currency")
_LARGEST = Decimal(9 * 10**6)  # USD of a line; what a ledger can hold
_VERSION = re.compile(r"[-@:_ /]")
_MILLISECONDS = 10**11  # a time that is greater counts milliseconds


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read; empty ones are looked for."""

    day: str = ""
    model: str = ""
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """The invoice's currency, and how many USD one unit of it is."""

    currency: str = "USD"
    usd: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Line:
    """A day and model: what the vendor bills, what the ledger settled, what it presumes."""

    day: str
    model: str
    billed: PicoUsd
    settled: PicoUsd
    presumed: PicoUsd
    calls: int

    @property
    def gap(self) -> PicoUsd:
        """What the vendor bills beyond what was settled; negative where it bills less."""
        return PicoUsd(self.billed - self.settled)


@dataclass(frozen=True, slots=True)
class _Entered:
    settled: int = 0
    presumed: int = 0
    calls: int = 0


def read_invoice(
    lines: Iterable[str], rate: Rate, columns: Columns | None = None
) -> dict[tuple[str, str], PicoUsd]:
    """Amounts in 10**-12 USD by UTC day and the vendor's model; raises UsageError by line."""
    text = list(lines)
    dialect: type[csv.Dialect] | str = "excel"
    if text and ";" in text[0] and "," not in text[0]:
        dialect = _Semicolons
    rows = csv.DictReader(text, dialect=dialect)
    names = _names([name for name in rows.fieldnames or () if name], columns or Columns())
    found: dict[tuple[str, str], PicoUsd] = {}
    for number, row in enumerate(rows, start=2):
        if not any(value and str(value).strip() for value in row.values()):
            continue
        try:
            key, amount = _read(row, names, rate)
        except ValueError as error:
            message = f"line {number} of the invoice: {error}"
            raise UsageError(message, "Mend the line, or name the columns.") from error
        found[key] = PicoUsd(found.get(key, 0) + amount)
    return found


def reconcile(
    database: Database, invoice: Mapping[tuple[str, str], PicoUsd], endpoint: str = ""
) -> list[Line]:
    """Every day and model that either side knows, between the invoice's first and last day.

    A vendor's name stands for the ledger's when it is the same or a version of it
    (``gpt-4o-2024-08-06`` of ``gpt-4o``).
    """
    if not invoice:
        return []
    days = [day for day, _ in invoice]
    entered = _entered(database, min(days), max(days), endpoint)
    names = {model for _, model in entered}
    billed: dict[tuple[str, str], int] = {}
    for (day, model), amount in invoice.items():
        key = (day, _same(model, names))
        billed[key] = billed.get(key, 0) + amount
    return [
        _line(key, billed.get(key, 0), entered.get(key, _Entered()))
        for key in sorted(billed.keys() | entered.keys())
    ]


def total(lines: Sequence[Line]) -> Line:
    """All lines in one."""
    return Line(
        day="total",
        model="",
        billed=PicoUsd(sum(line.billed for line in lines)),
        settled=PicoUsd(sum(line.settled for line in lines)),
        presumed=PicoUsd(sum(line.presumed for line in lines)),
        calls=sum(line.calls for line in lines),
    )


class _Semicolons(csv.excel):
    delimiter = ";"


def _line(key: tuple[str, str], billed: int, entered: _Entered) -> Line:
    settled, presumed = PicoUsd(entered.settled), PicoUsd(entered.presumed)
    return Line(*key, PicoUsd(billed), settled, presumed, entered.calls)


def _entered(
    database: Database, first: str, last: str, endpoint: str
) -> dict[tuple[str, str], _Entered]:
    only, values = (" AND endpoint = ?", (endpoint,)) if endpoint else ("", ())
    with database.transaction() as session:
        rows = session.rows(
            "SELECT period, upstream, SUM(spent), SUM(presumed), SUM(calls) FROM spending"  # noqa: S608 - fixed texts
            " WHERE grain = 'day' AND period >= ? AND period <= ? AND model <> ''"
            f"{only} GROUP BY period, upstream",
            first,
            last,
            *values,
        )
    return {(row[0], row[1]): _Entered(*(int(value) for value in row[2:])) for row in rows}


def _names(present: Sequence[str], wanted: Columns) -> tuple[str, str, str, str]:
    by_lower = {name.strip().lower(): name for name in present}
    names = []
    for what, asked, usual in (
        ("day", wanted.day, _DAYS),
        ("model", wanted.model, _MODELS),
        ("cost", wanted.cost, _COSTS),
    ):
        candidates = (asked.strip().lower(),) if asked else usual
        name = next((by_lower[each] for each in candidates if each in by_lower), None)
        if name is None:
            message = f"the invoice has no column for the {what}; it has {', '.join(present)}"
            raise UsageError(message, f"Name it with --{what}-column.")
        names.append(name)
    currency = next((by_lower[each] for each in _CURRENCIES if each in by_lower), "")
    return names[0], names[1], names[2], currency


def _read(
    row: Mapping[str, str | None], names: tuple[str, str, str, str], rate: Rate
) -> tuple[tuple[str, str], PicoUsd]:
    day, model, cost, currency = ((row.get(name) or "").strip() for name in names)
    if currency and currency.upper() != rate.currency.upper():
        message = f"it is in {currency.upper()}; say --currency {currency.upper()} --rate USD"
        raise ValueError(message)
    if not model:
        message = "it names no model"
        raise ValueError(message)
    return (_day(day), model), _amount(cost, rate)


def _day(text: str) -> str:
    if re.fullmatch(r"\d{9,14}", text):
        seconds = int(text) / (1000 if int(text) > _MILLISECONDS else 1)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        message = f"{text!r} is no day; write 2026-11-25"
        raise ValueError(message) from error


def _amount(text: str, rate: Rate) -> PicoUsd:
    try:
        usd = Decimal(text.lstrip("$€£").strip()) * rate.usd
    except InvalidOperation as error:
        message = f"{text!r} is no amount; write 1234.56"
        raise ValueError(message) from error
    if not usd.is_finite() or abs(usd) > _LARGEST:
        message = f"{text!r} is no sane amount"
        raise ValueError(message)
    return PicoUsd(int((usd * PICO_PER_USD).to_integral_value()))


def _same(model: str, names: set[str]) -> str:
    """The ledger's name of a vendor's model; its own where the ledger knows none."""
    if model in names:
        return model
    lower = model.lower()
    fits = [
        name
        for name in names
        if lower == name.lower()
        or (lower.startswith(name.lower()) and _VERSION.match(lower[len(name) :]))
    ]
    return max(fits, key=len, default=model)
