"""``reviewbot ledger``: what administrators do with the record of money."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import ExitStack, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.errors import UsageError
from reviewbot.domain.money import format_usd, plain_usd
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import actor, opened_ledger
from reviewbot.entrypoints.cli.options import (
    Command,
    config_option,
    format_option,
    settings_from,
    since_option,
)
from reviewbot.entrypoints.formats.spreadsheet import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from reviewbot.domain.money import PicoUsd
    from reviewbot.ledger.reconcile import Columns, Line, Rate


def _listing(function: Command) -> Command:
    """Give a command that prints rows of the ledger the options of all such commands."""
    options = (
        since_option,
        click.option("--repo", default="", metavar="OWNER/NAME", help="Only this repository."),
        format_option("csv", "json"),
        click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to."),
        config_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group
def command() -> None:
    """Look after the ledger: export, egress, reconcile, back up, drain, release, resume."""


@command.command
@click.argument("endpoint")
@click.option("--why", required=True, metavar="TEXT", help="For the record.")
@config_option
def release(endpoint: str, why: str, config: Path | None) -> int:
    """Let ENDPOINT be called again that was drained, or billed more than was possible.

    Pull requests that were closed because of it are open again; what it billed stays recorded.
    """
    from reviewbot.ledger import quarantine

    with opened_ledger(config) as database:
        opened = quarantine.release(database, endpoint, actor(), why)
    reopened = f"; {opened} pull requests are open again" if opened else ""
    click.echo(f"{endpoint} may be called again{reopened}.")
    return FINE


@command.command
@click.argument("endpoint")
@click.option("--why", required=True, metavar="TEXT", help="For the record.")
@config_option
def drain(endpoint: str, why: str, config: Path | None) -> int:
    """Take ENDPOINT out of service, for every process, until it is released.

    Calls under way end as ever; reviews go on by the other routes of their models.
    """
    from reviewbot.ledger import drains
    from reviewbot.runtime.tiers import endpoint_names

    names = endpoint_names(settings_from(config))
    if endpoint not in names:
        message = f"there is no endpoint {endpoint!r}"
        raise UsageError(message, f"Configured are: {', '.join(names) or 'none'}.")
    with opened_ledger(config) as database:
        fresh = drains.drain(database, endpoint, actor(), why)
    already = "" if fresh else " already"
    click.echo(f"{endpoint} is out of service{already}; `reviewbot ledger release` brings it back.")
    return FINE


@command.command
@click.argument("pull")
@config_option
def resume(pull: str, config: Path | None) -> int:
    """Have PULL (OWNER/REPO#N) reviewed again, as after a raised limit.

    What was read is known and costs nothing; only the rest is asked.
    """
    from reviewbot.entrypoints.cli.target import read_pull
    from reviewbot.ledger import resuming
    from reviewbot.ledger.database import open_database
    from reviewbot.ledger.migrate import migrate
    from reviewbot.runtime.service import open_desk

    settings = settings_from(config)
    target = read_pull(pull, settings.github.server_url)
    with ExitStack() as stack:
        database = open_database(settings.database_url())
        stack.callback(database.close)
        migrate(database)
        desk = open_desk(settings, database, stack)
        resuming.resume(database, desk, target.repository, target.number, actor())
    click.echo(f"{target.repository}#{target.number} is on the desk.")
    return FINE


@command.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@config_option
def backup(file: Path, config: Path | None) -> int:
    """Copy the ledger to FILE while the service goes on (SQLite; for PostgreSQL use pg_dump)."""
    with opened_ledger(config) as database:
        database.backup(file)
    click.echo(f"{file} holds {file.stat().st_size:,} bytes.")
    return FINE


@command.command
@_listing
def export(since: int, repo: str, form: str, output: Path | None, config: Path | None) -> int:
    """Print every attempt as CSV or JSON, corrections applied; amounts are exact, in USD."""
    from reviewbot.ledger.export import attempts, names

    with opened_ledger(config) as database, _opened(output) as out:
        _write(attempts(database, since, repo), names(), form, out)
    return FINE


@command.command
@_listing
def egress(since: int, repo: str, form: str, output: Path | None, config: Path | None) -> int:
    """Print what left for which endpoint: time, repository, jurisdiction, size, digest."""
    from reviewbot.ledger import egress as log

    with opened_ledger(config) as database, _opened(output) as out:
        _write(log.entries(database, since, repo), log.NAMES, form, out)
    return FINE


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}"
        raise UsageError(message, "Name another file.") from error


def _write(rows: Iterable[Mapping[str, Any]], names: Sequence[str], form: str, out: TextIO) -> None:
    """Row by row: a ledger may be larger than the memory."""
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([cell(row[name]) for name in names])
        return
    separator = "[\n"
    for row in rows:
        out.write(separator + json.dumps(row))
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def _rate(_ctx: click.Context, _param: click.Parameter, value: str) -> Decimal:
    try:
        rate = Decimal(value)
    except InvalidOperation as error:
        message = "write how many USD one unit of the currency is, such as 1.08"
        raise click.BadParameter(message) from error
    if not rate.is_finite() or rate <= 0:
        message = "a rate is more than zero"
        raise click.BadParameter(message)
    return rate


@command.command
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--reported", is_flag=True, help="What endpoints said with each answer, instead of a FILE."
)
@since_option
@click.option("--currency", default="USD", show_default=True, help="The invoice's currency.")
@click.option("--rate", default="1", callback=_rate, help="USD for one unit of it.")
@click.option("--endpoint", default="", help="Only what this endpoint answered.")
@click.option("--day-column", default="", help="The column of days, if its name is unusual.")
@click.option("--model-column", default="", help="The column of models.")
@click.option("--cost-column", default="", help="The column of amounts.")
@format_option("table", "csv", "json")
@config_option
def reconcile(  # noqa: PLR0913 - one a command-line option
    *,
    file: Path | None,
    reported: bool,
    since: int,
    currency: str,
    rate: Decimal,
    endpoint: str,
    day_column: str,
    model_column: str,
    cost_column: str,
    form: str,
    config: Path | None,
) -> int:
    """Compare a vendor's invoice or usage export (CSV) with the ledger, by day and model.

    With --reported, compare what endpoints themselves said that they billed (OpenRouter does)
    with their tokens at the configured prices, which then stand under "settled".
    """
    from reviewbot.ledger import reconcile as matching
    from reviewbot.ledger.reported import reported as told

    if reported == (file is not None):
        message = "an invoice's file and --reported exclude each other; one is needed"
        raise UsageError(message, "Give the vendor's CSV export, or --reported alone.")
    columns = matching.Columns(day_column, model_column, cost_column)
    invoice = _invoice(file, matching.Rate(currency, rate), columns) if file else {}
    with opened_ledger(config) as database:
        lines_found = (
            matching.reconcile(database, invoice, endpoint)
            if file
            else told(database, since, endpoint)
        )
    if form == "table":
        _show([*lines_found, matching.total(lines_found)])
    else:
        rows = [_plain(line) for line in lines_found]
        _write(rows, list(_plain(matching.total([]))), form, sys.stdout)
    return FINE


def _invoice(file: Path, rate: Rate, columns: Columns) -> dict[tuple[str, str], PicoUsd]:
    from reviewbot.ledger.reconcile import read_invoice

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return read_invoice(lines, rate, columns)
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read as text"
        raise UsageError(message, "Give the vendor's CSV export.") from error


def _plain(line: Line) -> dict[str, Any]:
    return {
        "day": line.day,
        "model": line.model,
        "calls": line.calls,
        "billed_usd": plain_usd(line.billed),
        "settled_usd": plain_usd(line.settled),
        "gap_usd": plain_usd(line.gap),
        "presumed_usd": plain_usd(line.presumed),
    }


def _show(lines: Sequence[Line]) -> None:
    from rich.console import Console
    from rich.table import Table

    from reviewbot.review.wording import one_line

    table = Table("day", "model")
    for name in ("calls", "billed", "settled", "gap", "presumed"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        amounts = (line.billed, line.settled, line.gap, line.presumed)
        cells = [f"{line.calls:,}", *(format_usd(amount) for amount in amounts)]
        table.add_row(line.day, one_line(line.model), *cells)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
