"""``reviewbot serve``."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

import click

from reviewbot.domain.errors import SettingsError
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
    import waitress.server  # noqa: PLC0415 - help does not need it

    from reviewbot.entrypoints.web import (  # noqa: PLC0415 - help does not need it
        LARGEST_DELIVERY,
        create_app,
    )

    section = settings.values.server
    token = ""
    if section.metrics_token_env or section.metrics_token_file:
        token = settings.secret(
            "server.metrics_token", section.metrics_token_env, section.metrics_token_file
        )
    app = create_app(service, token)
    try:
        server = waitress.server.create_server(
            app,
            host=host,
            port=port,
            threads=section.threads,
            max_request_body_size=LARGEST_DELIVERY,  # refused by its header, not after its body
            clear_untrusted_proxy_headers=False,  # that a proxy asks is seen by them
        )
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror}"
        raise SettingsError(message, "Choose another --host or --port.") from error
    click.echo(f"reviewbot listens on http://{server.effective_host}:{server.effective_port}")
    try:
        server.run()
    finally:
        server.close()


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(FINE)
