"""``reviewbot costs``."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import PicoUsd, format_usd, plain_usd
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import opened_ledger
from reviewbot.entrypoints.cli.options import (
    config_option,
    format_option,
    settings_from,
    since_option,
)
from reviewbot.entrypoints.formats.spreadsheet import cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reviewbot.ledger.costs import Spend
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.sight import Sight

_MOST_PULLS = 100
_PIPED_WIDTH = 160
_DAY_MS = 86_400_000
_COLUMNS = (
    "name",
    "reviews",
    "questions",
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
@click.option("--team", default="", metavar="NAME", help="Only this team of [dashboard.teams].")
@since_option
@click.option(
    "--by",
    type=click.Choice(["repo", "pr", "model", "tier", "day"]),
    default="repo",
    show_default=True,
    help="One line for each.",
)
@format_option("table", "json", "csv")
@click.option(
    "--top",
    type=click.IntRange(1, 100_000),
    help="So many of the dearest lines, and one for all others; tables of PRs show 100.",
)
@click.option(
    "--forecasts", is_flag=True, help="Instead: how good forecasts of reviews were, by repository."
)
@config_option
def command(  # noqa: PLR0913 - one a command-line option
    *,
    repo: str,
    team: str,
    since: int,
    by: str,
    form: str,
    top: int | None,
    config: Path | None,
    forecasts: bool,
) -> int:
    """Show what reviews cost. Amounts are USD; days are whole ones, and UTC."""
    from reviewbot.ledger.costs import By, Query, spend
    from reviewbot.ledger.money import SqlLedger

    _tell_begin(since)
    with opened_ledger(config) as database:
        SqlLedger(database).presume_expired()
        sight = _sight(database, team, config)
        if forecasts:
            from reviewbot.entrypoints.cli.forecasts import (
                show_forecasts,
            )

            return show_forecasts(database, since, sight, repo, form)
        most = top or (_MOST_PULLS if (by, form) == ("pr", "table") else None)
        lines = spend(database, Query(By(by), since, repo, most, sight))
    if form == "json":
        click.echo(json.dumps([_plain(line) for line in lines], indent=2))
    elif form == "csv":
        click.echo(_as_csv(lines), nl=False)
    else:
        show_table(lines, by)
    return FINE


def _tell_begin(since: int) -> None:
    """Hours are not kept apart: who asks for some is told what they get."""
    begin = since // _DAY_MS * _DAY_MS
    if begin != since and time.time() * 1000 - since < 2 * _DAY_MS:
        says = f"{datetime.fromtimestamp(begin / 1000, UTC):%Y-%m-%d} 00:00 UTC"
        click.echo(f"reviewbot: sums are kept by whole days, so these begin at {says}", err=True)


def _sight(database: Database, team: str, config: Path | None) -> Sight:
    """The team's repositories; all without a team. Raises UsageError for an unknown one."""
    from reviewbot.ledger.sight import Sight
    from reviewbot.ledger.teams import sights

    if not team:
        return Sight()
    teams = settings_from(config).values.dashboard.teams
    if team not in teams:
        known = ", ".join(sorted(teams)) or "none; name them in [dashboard.teams]"
        message = f"there is no team {team!r}; configured are: {known}"
        raise click.UsageError(message)
    with database.snapshot() as session:
        return sights(session, Sight(), teams).get(team, Sight(frozenset()))


def show_table(lines: Sequence[Spend], title: str, groups: Mapping[str, str] | None = None) -> None:
    """A table with a total, for people; *groups* says more of each line's name."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from reviewbot.review.wording import one_line

    if not lines:
        click.echo("Nothing was spent in that time.")
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(title, overflow="fold")
    under_way = ["reserved"] if any(line.reserved for line in lines) else []
    worth = ["accepted"] if any(line.findings for line in lines) else []
    usual = (
        "reviews",
        "questions",
        "calls",
        "tokens in",
        "tokens out",
        "spent",
        "presumed",
        "saved",
    )
    for name in (*usual, *under_way, *worth):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        group = (groups or {}).get(line.name, "")
        name = f"{group} · {line.name}" if group else line.name
        table.add_row(Text(one_line(name)), *_shown(_cells(line), under_way, worth))
    table.add_section()
    total = _shown(_total_cells(_total(lines)), under_way, worth)
    table.add_row("total", *total, style="bold")
    Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)


def _shown(cells: list[str], under_way: Sequence[str], worth: Sequence[str]) -> list[str]:
    """The cells of a line, without those of columns that hold nothing."""
    *usual, reserved, accepted = cells
    return [*usual, *([reserved] if under_way else []), *([accepted] if worth else [])]


def _cells(line: Spend) -> list[str]:
    counts = (line.reviews, line.questions, line.calls, line.tokens_in, line.tokens_out)
    saved = "" if line.saved is None else format_usd(line.saved)
    money = (format_usd(line.spent), format_usd(line.presumed), saved, format_usd(line.reserved))
    accepted = f"{line.accepted:,} of {line.findings:,}"
    return [*(f"{count:,}" for count in counts), *money, accepted]


def _total_cells(total: Spend) -> list[str]:
    """A review may have asked several models and tiers, so that theirs do not add up."""
    reviews, *rest = _cells(total)
    return ["" if total.saved is None else reviews, *rest]


def _total(lines: Sequence[Spend]) -> Spend:
    from reviewbot.ledger.costs import Spend

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
    )


def _plain(line: Spend) -> dict[str, Any]:
    """Exact decimal strings in USD, for machines."""
    return {
        "name": line.name,
        "reviews": line.reviews,
        "questions": line.questions,
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
