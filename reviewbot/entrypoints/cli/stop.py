"""``reviewbot stop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import actor, opened_switch
from reviewbot.entrypoints.cli.options import config_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@click.option("--why", required=True, help="The reason, for the log and for those who ask.")
@config_option
def command(why: str, config: Path | None) -> int:
    """Stop all spending at once, for every process on the same ledger, until `reviewbot start`.

    No request to a model is sent any more. Deliveries are still taken; reviews under way are
    handed back with all that was paid for.
    """
    with opened_switch(config) as switch:
        fresh = switch.stop(actor(), why)
    click.echo("Spending is stopped." if fresh else "Spending was stopped before.")
    return FINE
