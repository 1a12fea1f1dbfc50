"""``reviewbot serve``."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option, settings_from

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.entrypoints.front import Front
    from reviewbot.runtime.settings import Settings


@click.command
@click.option("--host", help="The address to listen on; the default is server.host.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 0 is any free one.")
@click.option(
    "--print-credentials",
    is_flag=True,
    help="Let the set-up page print the new App's credentials instead of storing them.",
)
@config_option
def command(
    host: str | None, port: int | None, config: Path | None, *, print_credentials: bool
) -> int:
    """Run the web service, with workers inside; on PostgreSQL add `reviewbot worker` at will.

    Without an App's credentials it opens a set-up page, whose address it prints, and goes on
    when the App is registered. Ctrl-C or SIGTERM stops it: reviews under way are handed back
    with all that was paid for. SIGTERM answers what workflows have asked before, unless it is
    sent twice.
    """
    from reviewbot.entrypoints.front import Keep, open_front
    from reviewbot.runtime.credentials import with_stored_app
    from reviewbot.runtime.logs import log_to_stderr

    settings = with_stored_app(settings_from(config))
    log_to_stderr()
    signal.signal(signal.SIGTERM, _stop)
    keep = Keep.PRINTED if print_credentials else Keep.FILES
    with open_front(settings, keep) as front:
        server = settings.values.server
        _serve(
            front,
            settings,
            server.host if host is None else host,
            server.port if port is None else port,
        )
    return FINE


def _serve(front: Front, settings: Settings, host: str, port: int) -> None:
    from reviewbot.entrypoints.listening import Listener

    section, companion = settings.values.server, settings.values.companion
    # Questions of workflows take as long as models do: they get threads of their own.
    threads = section.threads + (companion.calls if companion.url else 0)
    listener = Listener(front, host, port, threads, section.read_seconds)
    for address in listener.addresses:
        click.echo(f"reviewbot listens on {address}")
    if front.setup_path:
        address = str(section.public_url or listener.addresses[0]).rstrip("/")
        click.echo(f"Set it up at {address}{front.setup_path}")

    def end(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, _stop)
        listener.end()

    signal.signal(signal.SIGTERM, end)
    listener.run(front.begin_to_stop)


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(FINE)
