"""What stands behind the listener: the set-up page as long as it is needed, then the service."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from enum import Enum
from typing import TYPE_CHECKING

import click

from reviewbot.domain.errors import SettingsError
from reviewbot.entrypoints.companion.routes import add_companion
from reviewbot.entrypoints.dashboard.opening import add_dashboard
from reviewbot.entrypoints.setup import PAGE, SetUp, create_setup_app
from reviewbot.entrypoints.web import create_app
from reviewbot.runtime.credentials import (
    credential_files,
    environment_lines,
    needs_setup,
    with_app_in_memory,
)
from reviewbot.runtime.service import open_service
from reviewbot.runtime.tiers import router_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from reviewbot.github.manifest import RegisteredApp
    from reviewbot.runtime.service import Service
    from reviewbot.runtime.settings import Settings


class Keep(Enum):
    """Where the credentials of a new App go."""

    FILES = "files"
    PRINTED = "printed"


class Front:
    """One WSGI application that becomes the service without a new listener."""

    def __init__(self, settings: Settings, keep: Keep, stack: ExitStack) -> None:
        self._settings, self._keep, self._stack = settings, keep, stack
        self._lock = threading.Lock()
        self.setup_path = ""
        self._service: Service | None = None
        self._app: WSGIApplication = (
            self._set_up() if needs_setup(settings) else self._opened(settings)
        )

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer with what stands there now."""
        return self._app(environ, start)

    def begin_to_stop(self) -> None:
        """Take nothing more on; what is under way is answered."""
        if self._service is not None:
            self._service.begin_to_stop()

    def _opened(self, settings: Settings) -> WSGIApplication:
        service = self._stack.enter_context(open_service(settings))
        self._service = service
        app = create_app(service, _metrics_token(settings))
        add_dashboard(app, service)
        add_companion(app, service)
        return app

    def _set_up(self) -> WSGIApplication:
        """Everything that can be wrong without an App is said before one is registered."""
        router_config(self._settings)
        if self._keep is Keep.FILES:
            credential_files(self._settings).prepare()
        setup = SetUp(
            github=self._settings.github,
            public_url=self._settings.values.server.public_url or "",
            finish=self._go_on,
        )
        self.setup_path = f"{PAGE}?token={setup.token}"
        return create_setup_app(setup)

    def _go_on(self, app: RegisteredApp) -> None:
        """Keep the credentials, and become the service."""
        with self._lock:
            if not self.setup_path:
                message = "an App was registered already"
                raise SettingsError(message, "Delete one of the two on GitHub.")
            self._app = self._opened(self._kept(app))
            self.setup_path = ""
        click.echo(f"The App {app.slug} is registered; reviewbot works with it now.")

    def _kept(self, app: RegisteredApp) -> Settings:
        if self._keep is Keep.PRINTED:
            for line in environment_lines(app):
                click.echo(line)
            return with_app_in_memory(self._settings, app)
        files = credential_files(self._settings)
        files.store(app)
        click.echo(f"The App's credentials are in {files.folder}")
        return files.applied(self._settings)


@contextmanager
def open_front(settings: Settings, keep: Keep) -> Iterator[Front]:
    """The service, or the page that leads to it; stopped at the end."""
    with ExitStack() as stack:
        yield Front(settings, keep, stack)


def _metrics_token(settings: Settings) -> str:
    section = settings.values.server
    if not section.metrics_token_env and not section.metrics_token_file:
        return ""
    return settings.secret(
        "server.metrics_token", section.metrics_token_env, section.metrics_token_file
    )
