"""``reviewbot start``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import actor, opened_switch
from reviewbot.entrypoints.cli.options import config_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@config_option
def command(config: Path | None) -> int:
    """Allow spending again after `reviewbot stop`; what waited is reviewed now."""
    with opened_switch(config) as switch:
        changed = switch.start(actor())
    click.echo("Spending is allowed again." if changed else "Spending was not stopped.")
    return FINE
