"""``reviewbot costs``."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import PicoUsd, format_usd, plain_usd
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import opened_ledger
from reviewbot.entrypoints.cli.options import config_option, since_option
from reviewbot.entrypoints.formats.spreadsheet import cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reviewbot.ledger.costs import Spend

_MOST_PULLS = 100
_COLUMNS = (
    "name",
    "reviews",
    "calls",
    "tokens_in",
    "tokens_out",
    "spent_usd",
    "presumed_usd",
    "saved_usd",
    "reserved_usd",
    "findings",
    "accepted",
)


@click.command
@click.option("--repo", default="", metavar="OWNER/NAME", help="Only this repository.")
@since_option
@click.option(
    "--by",
    type=click.Choice(["repo", "pr", "model", "tier", "day"]),
    default="repo",
    show_default=True,
    help="One line for each.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--top",
    type=click.IntRange(1, 100_000),
    help="So many of the dearest lines, and one for all others; tables of PRs show 100.",
)
@config_option
def command(repo: str, since: int, by: str, form: str, top: int | None, config: Path | None) -> int:
    """Show what reviews cost. Amounts are USD; days are whole ones, and UTC."""
    from reviewbot.ledger.costs import By, Query, spend  # noqa: PLC0415 - help does not need it
    from reviewbot.ledger.money import SqlLedger  # noqa: PLC0415 - help does not need it

    with opened_ledger(config) as database:
        SqlLedger(database).presume_expired()
        most = top or (_MOST_PULLS if (by, form) == ("pr", "table") else None)
        lines = spend(database, Query(By(by), since, repo, most))
    if form == "json":
        click.echo(json.dumps([_plain(line) for line in lines], indent=2))
    elif form == "csv":
        click.echo(_as_csv(lines), nl=False)
    else:
        show_table(lines, by)
    return FINE


def show_table(lines: Sequence[Spend], title: str, groups: Mapping[str, str] | None = None) -> None:
    """A table with a total, for people; *groups* says more of each line's name."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - tables only
    from rich.console import Console  # noqa: PLC0415 - tables only
    from rich.table import Table  # noqa: PLC0415 - tables only
    from rich.text import Text  # noqa: PLC0415 - tables only

    from reviewbot.review.wording import one_line  # noqa: PLC0415 - help does not need it

    if not lines:
        click.echo("Nothing was spent in that time.")
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(title, overflow="fold")
    usual = ("reviews", "calls", "tokens in", "tokens out", "spent", "presumed", "saved")
    under_way = ["reserved"] if any(line.reserved for line in lines) else []
    worth = ["accepted"] if any(line.findings for line in lines) else []
    for name in (*usual, *under_way, *worth):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        group = (groups or {}).get(line.name, "")
        name = f"{group} · {line.name}" if group else line.name
        table.add_row(Text(one_line(name)), *_shown(_cells(line), under_way, worth))
    table.add_section()
    total = _shown(_total_cells(_total(lines)), under_way, worth)
    table.add_row("total", *total, style="bold")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _shown(cells: list[str], under_way: Sequence[str], worth: Sequence[str]) -> list[str]:
    """The cells of a line, without those of columns that hold nothing."""
    *usual, reserved, accepted = cells
    return [*usual, *([reserved] if under_way else []), *([accepted] if worth else [])]


def _cells(line: Spend) -> list[str]:
    counts = (line.reviews, line.calls, line.tokens_in, line.tokens_out)
    saved = "" if line.saved is None else format_usd(line.saved)
    money = (format_usd(line.spent), format_usd(line.presumed), saved, format_usd(line.reserved))
    accepted = f"{line.accepted:,} of {line.findings:,}"
    return [*(f"{count:,}" for count in counts), *money, accepted]


def _total_cells(total: Spend) -> list[str]:
    """A review may have asked several models and tiers, so that theirs do not add up."""
    reviews, *rest = _cells(total)
    return ["" if total.saved is None else reviews, *rest]


def _total(lines: Sequence[Spend]) -> Spend:
    from reviewbot.ledger.costs import Spend  # noqa: PLC0415 - help does not need it

    known = [line.saved for line in lines if line.saved is not None]
    return Spend(
        name="total",
        reviews=sum(line.reviews for line in lines),
        calls=sum(line.calls for line in lines),
        tokens_in=sum(line.tokens_in for line in lines),
        tokens_out=sum(line.tokens_out for line in lines),
        spent=PicoUsd(sum(line.spent for line in lines)),
        presumed=PicoUsd(sum(line.presumed for line in lines)),
        saved=PicoUsd(sum(known)) if known else None,
        reserved=PicoUsd(sum(line.reserved for line in lines)),
        findings=sum(line.findings for line in lines),
        accepted=sum(line.accepted for line in lines),
    )


def _plain(line: Spend) -> dict[str, Any]:
    """Exact decimal strings in USD, for machines."""
    return {
        "name": line.name,
        "reviews": line.reviews,
        "calls": line.calls,
        "tokens_in": line.tokens_in,
        "tokens_out": line.tokens_out,
        "spent_usd": plain_usd(line.spent),
        "presumed_usd": plain_usd(line.presumed),
        "saved_usd": None if line.saved is None else plain_usd(line.saved),
        "reserved_usd": plain_usd(line.reserved),
        "findings": line.findings,
        "accepted": line.accepted,
    }


def _as_csv(lines: Sequence[Spend]) -> str:

    file = io.StringIO()
    rows = [_plain(line) for line in lines]
    names = list(rows[0]) if rows else [*_COLUMNS]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"name": cell(row["name"])})
    return file.getvalue()
