"""``reviewbot worker``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reviewbot.domain.errors import SettingsError
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option, settings_from

if TYPE_CHECKING:
    from pathlib import Path

_USUAL = 4  # reviews side by side, where limits.workers leaves all work to these processes


@click.command
@click.option("--concurrency", type=click.IntRange(1, 100), help="Reviews side by side.")
@config_option
def command(concurrency: int | None, config: Path | None) -> int:
    """Run workers alone; any number of machines may, over one PostgreSQL.

    Ctrl-C or SIGTERM stops it: reviews under way are handed back with all that was paid for.
    """
    from reviewbot.runtime.credentials import with_stored_app
    from reviewbot.runtime.logs import log_to_stderr
    from reviewbot.runtime.service import open_service

    settings = with_stored_app(settings_from(config))
    if settings.database_url().startswith("sqlite:"):
        message = "workers of their own need PostgreSQL, and database.url names none"
        raise SettingsError(message, "Set database.url, or let `reviewbot serve` do the work.")
    log_to_stderr()
    with open_service(settings, embedded=False) as service:
        from reviewbot.runtime.procrastination import run_worker

        url = settings.database_url()
        run_worker(url, service.shop, concurrency or settings.limits.workers or _USUAL)
    return FINE
