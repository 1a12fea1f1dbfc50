"""``reviewbot demo``."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import click

from reviewbot.entrypoints.cli import FINE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.entrypoints.demo.stage import Stage
    from reviewbot.ledger.costs import Spend

_SCRIPTED_SECONDS = 45.0
_REAL_SECONDS = 900.0


@click.command
@click.option("--diff", "diff_file", metavar="FILE", help="Review this diff; - is standard input.")
@click.option("--keep", is_flag=True, help="Leave the service open until Ctrl-C.")
@click.option(
    "--history",
    is_flag=True,
    help="Begin with three months of reviews, and leave the costs pages open as --keep does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def command(diff_file: str | None, *, keep: bool, history: bool, as_json: bool) -> int:
    """Show the whole way of a pull request on this machine, without keys.

    A real service, a strict loopback GitHub and scripted models: a signed webhook comes in, a
    review is posted. With REVIEWBOT_API_KEY (and REVIEWBOT_BASE_URL) the real models are asked.
    """
    from reviewbot.entrypoints.cli.target import read_diff
    from reviewbot.entrypoints.demo.show import Shown, show
    from reviewbot.entrypoints.demo.show import as_json as shown_as_json
    from reviewbot.entrypoints.demo.stage import Past, set_stage

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    diff = None if diff_file is None else _checked(read_diff(diff_file).raw)
    past = Past.THREE_MONTHS if history else Past.NONE
    with set_stage(os.environ, diff, past) as stage:
        check = _play(stage)
        shown = Shown(stage, check, _spend(stage))
        if as_json:
            click.echo(json.dumps(shown_as_json(shown), indent=2))
        else:
            show(shown)
        if keep or history:
            _keep(stage)
    return FINE


def _end(number: int, _frame: object) -> NoReturn:
    """Leave as after Ctrl-C: with the service stopped and the files removed."""
    raise SystemExit(128 + number)


def _checked(raw: bytes) -> bytes:
    """Refuse what is no diff before anything is started."""
    from reviewbot.domain.patch import parse_diff

    parse_diff(raw)
    return raw


def _play(stage: Stage) -> dict[str, object]:
    """Deliver the webhook and wait for the check run, saying how far it is."""
    begin = time.monotonic()
    _step(f"service, GitHub and models are up on loopback ({stage.service_url})")
    status = stage.deliver()
    _step(f"signed webhook pull_request.opened delivered: {status}")
    tell = _counter()
    check = stage.wait(_SCRIPTED_SECONDS if stage.model else _REAL_SECONDS, tell)
    took = time.monotonic() - begin
    _step(f"review posted after {took:.1f} s, {len(stage.github.requests)} GitHub requests")
    return check


def _step(text: str) -> None:
    click.echo(f"{click.style('✓', fg='green')} {text}", err=True)


def _counter() -> Callable[[int], None]:
    """Redraws one line on terminals, and says nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _calls: None
    return lambda calls: click.echo(f"\r  models asked: {calls} ", nl=False, err=True)


def _spend(stage: Stage) -> Sequence[Spend]:
    from reviewbot.ledger.costs import By, Query, spend
    from reviewbot.ledger.database import open_database

    database = open_database(stage.database_url)
    try:
        return [line for line in spend(database, Query(By.MODEL)) if line.calls]
    finally:
        database.close()


def _keep(stage: Stage) -> None:
    told = (
        f"\nThe service stays open at {stage.service_url}; Ctrl-C ends it.",
        f"  {stage.service_url}/costs (the costs pages)",
        f"    administrators' token: {stage.token}",
        "    or by the loopback GitHub: alice sees everything, bob one repository, carol none",
        f"  {stage.service_url}/metrics",
        f"  {stage.github.url} (the loopback GitHub)",
    )
    try:
        click.echo("\n".join(told), err=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo(err=True)
