"""``reviewbot costs``."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import plain_usd
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
    from collections.abc import Sequence
    from pathlib import Path

    from reviewbot.domain.money import PicoUsd
    from reviewbot.ledger.costs import Spend
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.sight import Sight

_MOST_PULLS = 100
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
    "questions_usd",
    "cost_per_finding_usd",
    "cost_per_accepted_usd",
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
        _tell_unknown(database, repo)
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
        from reviewbot.entrypoints.cli.cost_table import show_table

        show_table(lines, by)
    return FINE


def _tell_begin(since: int) -> None:
    """Hours are not kept apart: who asks for some is told what they get."""
    begin = since // _DAY_MS * _DAY_MS
    if begin != since and time.time() * 1000 - since < 2 * _DAY_MS:
        says = f"{datetime.fromtimestamp(begin / 1000, UTC):%Y-%m-%d} 00:00 UTC"
        click.echo(f"reviewbot: sums are kept by whole days, so these begin at {says}", err=True)


def _tell_unknown(database: Database, repo: str) -> None:
    """Nothing was spent on a misspelt repository either."""
    if not repo:
        return
    from reviewbot.ledger.insight import is_known

    with database.snapshot() as session:
        if not is_known(session, repo):
            click.echo(f"reviewbot: the ledger knows no repository {repo}", err=True)


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
        "saved_usd": _plain_usd(line.saved),
        "reserved_usd": plain_usd(line.reserved),
        "findings": line.findings,
        "accepted": line.accepted,
        "questions_usd": plain_usd(line.asked),
        "cost_per_finding_usd": _plain_usd(line.per_finding),
        "cost_per_accepted_usd": _plain_usd(line.per_accepted),
    }


def _plain_usd(amount: PicoUsd | None) -> str | None:
    return None if amount is None else plain_usd(amount)


def _as_csv(lines: Sequence[Spend]) -> str:

    file = io.StringIO()
    rows = [_plain(line) for line in lines]
    names = list(rows[0]) if rows else [*_COLUMNS]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"name": cell(row["name"])})
    return file.getvalue()
