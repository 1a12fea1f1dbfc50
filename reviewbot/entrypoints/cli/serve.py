"""``reviewbot serve``."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option, settings_from

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.runtime.service import Service
    from reviewbot.runtime.settings import Settings


@click.command
@click.option("--host", help="The address to listen on; the default is server.host.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 0 is any free one.")
@config_option
def command(host: str | None, port: int | None, config: Path | None) -> int:
    """Run the web service, with workers inside; on PostgreSQL add `reviewbot worker` at will.

    Ctrl-C or SIGTERM stops it: reviews under way are handed back with all that was paid for.
    """
    from reviewbot.runtime.logs import log_to_stderr  # noqa: PLC0415 - help does not need it
    from reviewbot.runtime.service import open_service  # noqa: PLC0415 - help does not need it

    settings = settings_from(config)
    log_to_stderr()
    signal.signal(signal.SIGTERM, _stop)
    with open_service(settings) as service:
        server = settings.values.server
        _serve(
            service,
            settings,
            server.host if host is None else host,
            server.port if port is None else port,
        )
    return FINE


def _serve(service: Service, settings: Settings, host: str, port: int) -> None:
    from reviewbot.entrypoints.dashboard.opening import add_dashboard  # noqa: PLC0415 - as below
    from reviewbot.entrypoints.listening import Listener  # noqa: PLC0415 - help does not need it
    from reviewbot.entrypoints.web import create_app  # noqa: PLC0415 - help does not need it

    section = settings.values.server
    token = ""
    if section.metrics_token_env or section.metrics_token_file:
        token = settings.secret(
            "server.metrics_token", section.metrics_token_env, section.metrics_token_file
        )
    app = create_app(service, token)
    add_dashboard(app, service)
    listener = Listener(app, host, port, section.threads, section.read_seconds)
    for address in listener.addresses:
        click.echo(f"reviewbot listens on {address}")
    listener.run()


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(FINE)
