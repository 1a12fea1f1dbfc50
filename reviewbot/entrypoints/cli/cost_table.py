"""Costs as a table for people, no wider than their terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.ledger.costs import Spend
from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIPED_WIDTH = 240
_GAP = 3  # between columns
_NAME_WIDTH = 20  # a longer name goes on in the next line
# What is left out first where a terminal is narrow: an amount is never cut.
_DISPENSABLE = (
    *("tokens out", "tokens in", "questions", "calls", "per finding"),
    *("saved", "accepted", "per accepted", "reviews"),
)


def show_table(lines: Sequence[Spend], title: str, groups: Mapping[str, str] | None = None) -> None:
    """A table with a total; *groups* says more of each line's name."""
    if not lines:
        click.echo("Nothing was spent in that time.")
        return
    names = [one_line(_name(line, groups or {})) for line in lines]
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    every = _columns([*lines, _total(lines)])
    shown = _fitting(every, console.width - max(map(len, [title, *names])))
    if len(shown) < len(every):  # then long names are the next to give way
        shown = _fitting(every, console.width - min(_NAME_WIDTH, max(map(len, names))))
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(title, overflow="fold")
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for name, *cells in zip(names, *shown.values(), strict=False):
        table.add_row(Text(name), *cells)
    table.add_section()
    table.add_row("total", *(cells[-1] for cells in shown.values()), style="bold")
    console.print(table)
    if left_out := [name for name in every if name not in shown]:
        click.echo(f"Too narrow for: {', '.join(left_out)}. --format csv has them.")


def _name(line: Spend, groups: Mapping[str, str]) -> str:
    group = groups.get(line.name, "")
    return f"{group} · {line.name}" if group else line.name


def _columns(lines: Sequence[Spend]) -> dict[str, list[str]]:
    """The cells of each column, the total's last; without columns that hold nothing."""
    *_, total = lines
    columns = {
        "reviews": [f"{line.reviews:,}" for line in lines],
        "questions": [f"{line.questions:,}" for line in lines],
        "calls": [f"{line.calls:,}" for line in lines],
        "tokens in": [f"{line.tokens_in:,}" for line in lines],
        "tokens out": [f"{line.tokens_out:,}" for line in lines],
        "spent": [format_usd(line.spent) for line in lines],
        "presumed": [format_usd(line.presumed) for line in lines],
    }
    if total.saved is None:  # a review may have asked several models and tiers
        columns["reviews"][-1] = ""
    else:
        columns["saved"] = [_usd(line.saved) for line in lines]
    if total.reserved:
        columns["reserved"] = [format_usd(line.reserved) for line in lines]
    if total.findings:
        columns["accepted"] = [f"{line.accepted:,} of {line.findings:,}" for line in lines]
        columns["per finding"] = [_usd(line.per_finding) for line in lines]
        columns["per accepted"] = [_usd(line.per_accepted) for line in lines]
    return columns


def _usd(amount: PicoUsd | None) -> str:
    return "" if amount is None else format_usd(amount)


def _fitting(columns: Mapping[str, list[str]], width: int) -> dict[str, list[str]]:
    """As many columns as fit."""
    shown = dict(columns)
    for name in _DISPENSABLE:
        if sum(_GAP + max(map(len, [name, *cells])) for name, cells in shown.items()) <= width:
            break
        shown.pop(name, None)
    return shown


def _total(lines: Sequence[Spend]) -> Spend:
    known = [line.saved for line in lines if line.saved is not None]
    return Spend(
        name="total",
        reviews=sum(line.reviews for line in lines),
        questions=sum(line.questions for line in lines),
        calls=sum(line.calls for line in lines),
        tokens_in=sum(line.tokens_in for line in lines),
        tokens_out=sum(line.tokens_out for line in lines),
        spent=PicoUsd(sum(line.spent for line in lines)),
        presumed=PicoUsd(sum(line.presumed for line in lines)),
        saved=PicoUsd(sum(known)) if known else None,
        reserved=PicoUsd(sum(line.reserved for line in lines)),
        findings=sum(line.findings for line in lines),
        accepted=sum(line.accepted for line in lines),
        asked=PicoUsd(sum(line.asked for line in lines)),
    )
