"""The price matrix as tables, JSON and CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PICO_PER_USD, TOKENS_PER_PRICE
from reviewbot.entrypoints.formats import tables
from reviewbot.entrypoints.formats.tables import Column, Row
from reviewbot.lab.matrix import as_times, fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from reviewbot.lab.matrix import Line, Matrix, Ratios
    from reviewbot.lab.quantities import Split

_DECIMALS = 6  # of prices per million tokens, and of ratios, for machines
_CENTS = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that is shown."""

    today: Matrix
    article: Matrix
    configured: Matrix | None
    baseline: str
    split: Split
    on: date
    notes: Sequence[str]


def show(shown: Shown) -> None:
    """The editions' tables and their notes, for people."""
    out = tables.console()
    if shown.configured is not None:
        _show(out, shown, shown.configured, f"Configured routes on {shown.on}")
    _show(out, shown, shown.today, f"Prices on {shown.on}")
    out.print(
        "Cached and cache write are shown where they differ from input. A condition holds for the"
        " whole request.",
        style="dim",
    )
    out.print()
    _show_article(out, shown)
    tables.note(out, shown.notes)


def _show(out: Console, shown: Shown, matrix: Matrix, title: str) -> None:
    columns = (
        Column("model", text=True),
        Column("when", folds=14, text=True),
        Column("input"),
        Column("cached", rank=2),
        Column("write", rank=3),
        Column("output"),
        Column("context", rank=3),
        *_ratio_columns(shown.split),
    )
    rows = [_row(line, ratios, shown.baseline) for line, ratios in matrix.lines]
    tables.show(out, f"{title}, USD per million tokens; {shown.baseline} is 1×", columns, rows)


def _row(line: Line, ratios: Ratios, baseline: str) -> Row:
    until = f"until {line.until}" if line.until < date.max else ""
    cells = (
        "" if line.condition else line.model,
        line.condition or until,
        _usd(line.input),
        _usd(line.cached if line.cached != line.input else None),
        _usd(line.cache_write if line.cache_write != line.input else None),
        _usd(line.output),
        "" if line.condition or not line.context else f"{line.context:,}",
        *_ratio_cells(ratios),
    )
    return Row(cells, "bold" if line.model == baseline else "dim" if line.condition else "")


def _show_article(out: Console, shown: Shown) -> None:
    ratios = _ratio_columns(shown.split)  # its claims are about output, which stays
    columns = (
        Column("model", text=True),
        Column("input"),
        Column("output"),
        Column("it says"),
        *(replace(column, rank=column.name == "× input") for column in ratios),
    )
    rows = [
        Row(
            (
                line.model,
                _usd(line.input),
                _usd(line.output),
                f"{line.claim}×" if line.claim else "–",
                *_ratio_cells(rated),
            ),
            "bold" if line.model == shown.baseline else "",
        )
        for line, rated in shown.article.lines
    ]
    tables.show(out, f"The article's prices; {shown.baseline} is 1×", columns, rows)


def plain(shown: Shown) -> dict[str, Any]:
    """The matrix for machines; amounts and ratios are decimal strings."""
    return {
        "on": shown.on.isoformat(),
        "unit": "USD per million tokens",
        "baseline": shown.baseline,
        "split": str(shown.split),
        "today": _plain_lines(shown.today),
        "article": _plain_lines(shown.article),
        "configured": _plain_lines(shown.configured) if shown.configured else None,
        "notes": list(shown.notes),
    }


def as_csv(shown: Shown) -> str:
    """All editions as lines of one table; a spreadsheet would run a name that begins a formula."""
    rows = [
        {"edition": each.edition, **row, "model": _cell(row["model"])}
        for each in (shown.configured, shown.today, shown.article)
        if each is not None
        for row in _plain_lines(each)
    ]
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _cell(name: str) -> str:
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def _plain_lines(matrix: Matrix) -> list[dict[str, Any]]:
    return [_plain_line(line, ratios) for line, ratios in matrix.lines]


def _plain_line(line: Line, ratios: Ratios) -> dict[str, Any]:
    return {
        "model": line.model,
        "condition": line.condition,
        "input": _exact(line.input),
        "cached": _exact(line.cached),
        "cache_write": _exact(line.cache_write),
        "output": _exact(line.output),
        "context": line.context or None,
        "until": line.until.isoformat() if line.until < date.max else None,
        "times_input": _ratio(ratios.input),
        "times_output": _ratio(ratios.output),
        "times_mix": _ratio(ratios.mix),
        "claimed_times": line.claim or None,
    }


def _ratio_columns(split: Split) -> tuple[Column, Column, Column]:
    return (Column("× input", rank=1), Column("× output", rank=1), Column(f"× at {split}"))


def _ratio_cells(ratios: Ratios) -> tuple[str, str, str]:
    return (as_times(ratios.input), as_times(ratios.output), as_times(ratios.mix))


def _usd(price: int | None) -> str:
    """A price per million tokens with the cents, or as many decimals as it needs."""
    if price is None:
        return "–"
    text = _exact(price) or ""
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(_CENTS, '0')}"


def _exact(price: int | None) -> str | None:
    if price is None:
        return None
    text = fixed(Fraction(price * TOKENS_PER_PRICE, PICO_PER_USD), _DECIMALS)
    return text.rstrip("0").rstrip(".")


def _ratio(ratio: Fraction | None) -> str | None:
    return None if ratio is None else fixed(ratio, _DECIMALS).rstrip("0").rstrip(".")
