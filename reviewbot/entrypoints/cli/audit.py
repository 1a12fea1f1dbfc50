"""``reviewbot audit``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option
from reviewbot.entrypoints.cli.switching import opened_switch

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.ledger.switch import Act


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print the log as JSON.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, help="How many acts.")
@config_option
def command(config: Path | None, most: int, *, as_json: bool) -> int:
    """Show what administrators did, newest first."""
    with opened_switch(config) as switch:
        acts = [_shown(act) for act in switch.acts(most)]
    if as_json:
        click.echo(json.dumps(acts, indent=2))
        return FINE
    from reviewbot.review.wording import one_line  # noqa: PLC0415 - help does not need it

    for act in acts:
        said = one_line(f"{act['act']} {act['detail']}")
        click.echo(f"{act['at']}  {one_line(act['actor'])}  {said}".rstrip())
    return FINE


def _shown(act: Act) -> dict[str, Any]:
    at = datetime.fromtimestamp(act.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"at": at, "actor": act.actor, "act": act.act, "detail": act.detail}
