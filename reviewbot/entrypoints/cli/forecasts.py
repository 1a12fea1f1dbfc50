"""``reviewbot costs --forecasts``: how good forecasts of reviews were."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import format_usd, plain_usd
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.formats.spreadsheet import cell
from reviewbot.ledger import insight
from reviewbot.ledger.forecasts import accuracies
from reviewbot.ledger.sight import Sight, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Database
    from reviewbot.ledger.forecasts import Accuracy

_COLUMNS = (
    *("name", "reviews", "within_p90", "within_p90_share", "median_error", "median_lean"),
    *("foreseen_usd", "cost_usd"),
)


def show_forecasts(database: Database, since: int, sight: Sight, repository: str, form: str) -> int:
    """One line a repository, and one for all of them."""
    span = Span(datetime.fromtimestamp(since / 1000, UTC).date(), date.max.replace(year=9000))
    with database.snapshot() as session:
        names = insight.names(session, sight)
        if repository:
            wanted = repository.lower()
            sight = Sight(frozenset(n for n, name in names.items() if name.lower() == wanted))
        whole, *each = accuracies(session, span, sight)
    lines = [_plain(line, names) for line in [*each, whole]]
    if form == "json":
        click.echo(json.dumps(lines, indent=2))
    elif form == "csv":
        click.echo(_as_csv(lines), nl=False)
    elif whole.reviews:
        _show([*each, whole], names)
    else:
        click.echo("No review was forecast in that time.")
    return FINE


def _plain(line: Accuracy, names: Mapping[int, str]) -> dict[str, Any]:
    """Errors are shares of what was foreseen; amounts exact decimal strings in USD."""
    known = line.reviews > 0
    return {
        "name": _name(line, names),
        "reviews": line.reviews,
        "within_p90": line.within_p90,
        "within_p90_share": round(line.within_p90 / line.reviews, 4) if known else None,
        "median_error": line.error / 1000 if known else None,
        "median_lean": line.lean / 1000 if known else None,
        "foreseen_usd": plain_usd(line.foreseen),
        "cost_usd": plain_usd(line.cost),
    }


def _name(line: Accuracy, names: Mapping[int, str]) -> str:
    if line.repository_id is None:
        return "total"
    return names.get(line.repository_id, str(line.repository_id))


def _as_csv(lines: Sequence[Mapping[str, Any]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({**line, "name": cell(line["name"])})
    return file.getvalue()


def _show(lines: Sequence[Accuracy], names: Mapping[int, str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from reviewbot.entrypoints.cli.cost_table import PIPED_WIDTH
    from reviewbot.review.wording import one_line

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("repo", overflow="fold", min_width=12)
    for title in ("reviews", "within p90", "median error", "forecast (p50)", "cost"):
        table.add_column(title, justify="right")
    for line in lines:
        if line.repository_id is None:
            table.add_section()
        table.add_row(
            Text(one_line(_name(line, names))),
            f"{line.reviews:,}",
            f"{100 * line.within_p90 / line.reviews:.0f} %",
            f"{line.error / 10:.0f} %",
            format_usd(line.foreseen),
            format_usd(line.cost),
            style="bold" if line.repository_id is None else None,
        )
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)
