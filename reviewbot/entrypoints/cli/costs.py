"""``reviewbot costs``."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import PicoUsd, format_usd, plain_usd
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option, settings_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reviewbot.ledger.costs import Spend

_UNITS = {"h": 3_600, "d": 86_400, "w": 604_800}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("name", "reviews", "calls", "tokens_in", "tokens_out", "spent", "presumed", "saved")


def _since(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Milliseconds since 1970 of a duration such as 30d, or of a day."""
    if match := re.fullmatch(r"(\d{1,6})([hdw])", value):
        return max(0, int((time.time() - int(match[1]) * _UNITS[match[2]]) * 1000))
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        message = "write a duration such as 30d, 12h, 2w, or a day such as 2026-11-01"
        raise click.BadParameter(message) from error
    return int(day.timestamp() * 1000)


@click.command
@click.option("--repo", default="", metavar="OWNER/NAME", help="Only this repository.")
@click.option(
    "--since",
    metavar="TIME",
    default="30d",
    show_default=True,
    callback=_since,
    help="How far back: 12h, 30d, 2w, or since a day such as 2026-11-01.",
)
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
@config_option
def command(repo: str, since: int, by: str, form: str, config: Path | None) -> int:
    """Show what reviews cost. Days and months are UTC; amounts are USD."""
    from reviewbot.ledger.costs import By, Query, spend  # noqa: PLC0415 - help does not need it
    from reviewbot.ledger.database import open_database  # noqa: PLC0415 - help does not need it
    from reviewbot.ledger.migrate import migrate  # noqa: PLC0415 - help does not need it

    database = open_database(settings_from(config).database_url())
    try:
        migrate(database)
        lines = spend(database, Query(By(by), since, repo))
    finally:
        database.close()
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
    for name in ("reviews", "calls", "tokens in", "tokens out", "spent", "presumed", "saved"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        group = (groups or {}).get(line.name, "")
        name = f"{group} · {line.name}" if group else line.name
        table.add_row(Text(one_line(name)), *_cells(line))
    table.add_section()
    table.add_row("total", *_total_cells(_total(lines)), style="bold")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _cells(line: Spend) -> list[str]:
    counts = (line.reviews, line.calls, line.tokens_in, line.tokens_out)
    saved = "" if line.saved is None else format_usd(line.saved)
    money = (format_usd(line.spent), format_usd(line.presumed), saved)
    return [*(f"{count:,}" for count in counts), *money]


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
    }


def _as_csv(lines: Sequence[Spend]) -> str:
    from reviewbot.review.wording import one_line  # noqa: PLC0415 - help does not need it

    file = io.StringIO()
    rows = [_plain(line) for line in lines]
    names = list(rows[0]) if rows else [*_COLUMNS[:5], "spent_usd", "presumed_usd", "saved_usd"]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        name = row["name"]
        # A spreadsheet would run a name that begins like a formula.
        quote = "'" if name.startswith(_FORMULA) else ""
        writer.writerow(row | {"name": f"{quote}{one_line(name)}"})
    return file.getvalue()
