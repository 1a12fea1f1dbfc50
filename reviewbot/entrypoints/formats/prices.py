"""The price matrix as tables, JSON and CSV."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reviewbot.domain.money import PICO_PER_USD, TOKENS_PER_PRICE
from reviewbot.lab.matrix import as_times, fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.lab.matrix import Line, Matrix, Ratios
    from reviewbot.lab.quantities import Split

_DECIMALS = 6  # of prices per million tokens, and of ratios, for machines
_CENTS = 2
_PIPED_WIDTH = 150


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
    """Two tables and their notes, for people."""
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    if shown.configured is not None:
        title = f"Configured routes on {shown.on}, USD per million tokens"
        console.print(_table(shown, shown.configured, title))
    console.print(_table(shown, shown.today, f"Prices on {shown.on}, USD per million tokens"))
    console.print(
        "Cached and cache write are shown where they differ from input. A condition holds for the"
        " whole request.",
        style="dim",
        highlight=False,
    )
    click.echo()
    console.print(_articles_table(shown))
    for note in shown.notes:
        console.print(note, style="dim", highlight=False)


def _table(shown: Shown, matrix: Matrix, title: str) -> Table:
    title = f"{title}, and how many times {shown.baseline}"
    table = Table(title=title, title_justify="left")
    table.add_column("model", no_wrap=True)
    table.add_column("when", overflow="fold")
    for name in ("input", "cached", "write", "output", "context", *_ratio_names(shown.split)):
        table.add_column(name, justify="right", no_wrap=True)
    for line, ratios in matrix.lines:
        style = "bold" if line.model == shown.baseline else "dim" if line.condition else ""
        table.add_row(
            "" if line.condition else escape(line.model),
            line.condition or (f"until {line.until}" if line.until < date.max else ""),
            _usd(line.input),
            _usd(line.cached if line.cached != line.input else None),
            _usd(line.cache_write if line.cache_write != line.input else None),
            _usd(line.output),
            "" if line.condition or not line.context else f"{line.context:,}",
            *_ratio_cells(ratios),
            style=style,
        )
    return table


def _articles_table(shown: Shown) -> Table:
    table = Table(
        title=f"The article's prices, and how many times {shown.baseline}", title_justify="left"
    )
    table.add_column("model", no_wrap=True)
    for name in ("input", "output", "article says", *_ratio_names(shown.split)):
        table.add_column(name, justify="right", no_wrap=True)
    for line, ratios in shown.article.lines:
        table.add_row(
            line.model,
            _usd(line.input),
            _usd(line.output),
            f"{line.claim}×" if line.claim else "–",
            *_ratio_cells(ratios),
            style="bold" if line.model == shown.baseline else "",
        )
    return table


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


def _ratio_names(split: Split) -> tuple[str, str, str]:
    return ("× input", "× output", f"× at {split}")


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
