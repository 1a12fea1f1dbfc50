"""Tables that fit a terminal: columns that matter less are left out before figures are cut."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PIPED_WIDTH = 150
_BETWEEN, _AROUND = 3, 1  # what borders and padding take


@dataclass(frozen=True, slots=True)
class Column:
    """A column; the larger its *rank*, the sooner it is left out, and 0 stays.

    *folds* is how narrow it may become; 0 is as wide as its widest cell.
    """

    name: str
    rank: int = 0
    folds: int = 0
    text: bool = False  # to the left


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, one a column."""

    cells: tuple[str, ...]
    style: str = ""


def console() -> Console:
    """Standard output; as wide as the terminal, or wide enough for all where there is none."""
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def show(out: Console, title: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Print what fits, and name what does not."""
    kept = fitting(columns, rows, out.width)
    table = Table(title=title, title_justify="left")
    for column in kept:
        table.add_column(
            column.name,
            justify="left" if column.text else "right",
            no_wrap=not column.folds,
            overflow="fold",
        )
    places = [columns.index(column) for column in kept]
    for row in rows:
        table.add_row(*(Text(row.cells[place]) for place in places), style=row.style)
    out.print(table)
    left_out = [column.name.replace("\n", " ") for column in columns if column not in kept]
    if left_out:
        told = f"Not shown in {out.width} columns: {', '.join(left_out)}. --format json has them."
        out.print(told, style="dim")


def note(out: Console, sentences: Iterable[str]) -> None:
    """Print what a reader has to know, below a table."""
    for sentence in sentences:
        out.print(one_line(sentence), style="dim", markup=False)


def fitting(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Column]:
    """The columns that fit, in their order; those of rank 0 in any case."""
    widths = {
        column.name: _width(column, [row.cells[place] for row in rows])
        for place, column in enumerate(columns)
    }
    kept = list(columns)
    for rank in sorted({column.rank for column in columns} - {0}, reverse=True):
        if sum(widths[c.name] + _BETWEEN for c in kept) + _AROUND <= width:
            break
        kept = [column for column in kept if column.rank < rank]
    return kept


def _width(column: Column, cells: Sequence[str]) -> int:
    head = max(cell_len(line) for line in column.name.split("\n"))
    if column.folds:
        return column.folds
    return max([head, *(cell_len(cell) for cell in cells)])
