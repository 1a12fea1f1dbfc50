"""Tables: shown on pages, and downloaded as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from reviewbot.domain.money import PICO_PER_USD, plain_usd
from reviewbot.entrypoints.formats.spreadsheet import cell
from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MILLISECONDS = 1000
# Columns of few words, each a colour.
_TAGS = frozenset({"severity", "fate", "class", "tier", "acceptance"})
# From how many USD on so many decimals are enough.
_DIGITS = ((10 * PICO_PER_USD, 2), (PICO_PER_USD, 3))
_MOST_DIGITS = 4
NOTHING = "\u2013"  # where a cell has no value


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    USD = "usd"  # 10**-12 USD
    SHARE = "share"  # a fraction as numerator and denominator
    TIME = "time"  # milliseconds since 1970
    DURATION = "duration"  # milliseconds


@dataclass(frozen=True, slots=True)
class Column:
    """One column; *is_minor* ones are left out on narrow screens."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    is_minor: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is aligned to the right."""
        return self.kind not in {Kind.TEXT, Kind.CODE, Kind.TIME}

    @property
    def is_tag(self) -> bool:
        """Whether it holds one of a few words, which are drawn as such."""
        return self.kind is Kind.TEXT and self.name in _TAGS

    @property
    def classes(self) -> str:
        """Its classes in the stylesheet."""
        number = " number" if self.is_number else ""
        minor = " minor" if self.is_minor else ""
        return f"{self.kind} c-{self.name}{number}{minor}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain values; *links* say where the first cell of each row leads."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    links: Sequence[str] = ()
    empty: str = "Nothing in this time."
    most: int = 200  # rows on the page; downloads have all

    @property
    def shown(self) -> Sequence[tuple[str, Sequence[str]]]:
        """The rows of the page: link, then the text of each column."""
        rows = self.rows[: self.most]
        columns = [
            _texts(column.kind, [row[at] for row in rows]) for at, column in enumerate(self.columns)
        ]
        links = [*self.links[: len(rows)], *([""] * (len(rows) - len(self.links)))]
        return [(link, texts) for link, *texts in zip(links, *columns, strict=True)]

    @property
    def looks(self) -> Sequence[tuple[Markup, bool]]:
        """The classes of each column's cells, and whether they are tags; all made here."""
        return [(Markup(column.classes), column.is_tag) for column in self.columns]  # noqa: S704 - our own names

    def plain(self) -> list[dict[str, Any]]:
        """For machines: exact amounts as decimal strings in USD, times in ISO 8601."""
        return [
            {_key(c): plain_of(c.kind, value) for c, value in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]

    def csv(self) -> str:
        """For spreadsheets; no cell is taken for a formula."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([_key(column) for column in self.columns])
        for row in self.plain():
            writer.writerow([cell(value) for value in row.values()])
        return file.getvalue()

    def json(self) -> str:
        """For scripts."""
        return json.dumps(self.plain(), indent=2, ensure_ascii=False)


def _key(column: Column) -> str:
    units = {Kind.USD: "_usd", Kind.DURATION: "_ms"}
    return column.name + units.get(column.kind, "")


def _texts(kind: Kind, values: Sequence[Any]) -> list[str]:
    """A column for people: amounts have as many decimals as the largest needs, so they align."""
    if kind is Kind.USD:
        largest = max((abs(value) for value in values if value is not None), default=0)
        digits = next((n for least, n in _DIGITS if largest >= least), _MOST_DIGITS)
        return [NOTHING if value is None else _amount(value, digits) for value in values]
    shown: Mapping[Kind, Callable[[Any], str]] = {
        Kind.COUNT: "{:,}".format,
        Kind.SHARE: lambda parts: percent(*parts),
        Kind.TIME: lambda at: f"{_moment(at):%Y-%m-%d %H:%M}",
        Kind.DURATION: _duration,
    }
    text = shown.get(kind, lambda value: one_line(str(value)))
    return [NOTHING if value is None else text(value) for value in values]


def _amount(value: int, digits: int) -> str:
    """Zero is a dash, and what is less than the last digit says so."""
    least = PICO_PER_USD // int("1" + "0" * digits)
    if value == 0:
        return NOTHING
    if abs(value) < least:
        return f"<${Decimal(least) / PICO_PER_USD:.{digits}f}"
    return f"${Decimal(value) / PICO_PER_USD:,.{digits}f}"


def _duration(milliseconds: int) -> str:
    if milliseconds < _MILLISECONDS:
        return f"{milliseconds} ms"
    return f"{milliseconds / _MILLISECONDS:.1f} s"


def plain_of(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - a cell
    """A cell for machines."""
    if value is None:
        return None
    match kind:
        case Kind.USD:
            return plain_usd(value)
        case Kind.SHARE:
            part, whole = value
            return f"{part / whole:.4f}" if whole else None
        case Kind.TIME:
            return _moment(value).isoformat(timespec="milliseconds")
        case _:
            return value


def percent(part: int, whole: int) -> str:
    """A share for people."""
    if not whole:
        return NOTHING
    share = 100 * part / whole
    if 99 <= share < 100:  # noqa: PLR2004 - what is not the whole does not look so
        return f"{int(share * 10) / 10:.1f} %"
    if 0 < share < 0.1:  # noqa: PLR2004 - and what is something does not look like nothing
        return "<0.1 %"
    return f"{share:.0f} %" if share >= 10 or share == 0 else f"{share:.1f} %"  # noqa: PLR2004 - two digits


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / _MILLISECONDS, UTC)
