"""Joins the pages to a running service, as its settings say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewbot.domain.errors import SettingsError
from reviewbot.entrypoints.dashboard.api import add_api
from reviewbot.entrypoints.dashboard.gate import Doors, Gate
from reviewbot.entrypoints.dashboard.page import Sources
from reviewbot.entrypoints.dashboard.views import add_pages
from reviewbot.github.people import OAuthApp
from reviewbot.ledger.sessions import Sessions
from reviewbot.runtime.tiers import router_config

if TYPE_CHECKING:
    from flask import Flask

    from reviewbot.runtime.service import Service
    from reviewbot.runtime.settings import Settings

_SHORTEST_TOKEN = 20  # characters


def add_dashboard(app: Flask, service: Service) -> None:
    """Put pages and API into the application; raises SettingsError."""
    core = service.core
    settings = core.settings
    gate = Gate(doors_of(settings), core.secret, ended=Sessions(core.database))
    sources = Sources(
        database=core.database,
        desk=service.desk,
        breakers=lambda: [(name, state.value) for name, state in core.router.endpoints_status()],
        strong=next(iter(router_config(settings).strong), ""),
        github_url=settings.github.server_url.rstrip("/"),
        now=lambda: datetime.now(UTC),
        teams=settings.values.dashboard.teams,
        sla=settings.limits.sla,
    )
    add_pages(app, gate, sources)
    add_api(app, gate, sources)


def doors_of(settings: Settings) -> Doors:
    """How people may come in; raises SettingsError for a token that could be guessed."""
    section, github = settings.values.dashboard, settings.github
    token = ""
    if section.token_env or section.token_file:
        token = settings.secret("dashboard.token", section.token_env, section.token_file)
        if len(token) < _SHORTEST_TOKEN:
            message = f"dashboard.token has fewer than {_SHORTEST_TOKEN} characters"
            raise SettingsError(message, "Make one with: openssl rand -hex 32")
    url = (section.url or settings.values.server.public_url or "").rstrip("/")
    oauth = None
    if github.client_id:
        secret = settings.secret(
            "github.client_secret", github.client_secret_env, github.client_secret_file
        )
        callback = f"{url}/sign-in/github/callback" if url else ""
        oauth = OAuthApp(github.server_url, github.client_id, secret, callback)
    return Doors(
        token=token,
        oauth=oauth,
        api_url=github.api_url,
        admins=frozenset(login.lower() for login in section.admins),
        session_seconds=section.session_minutes * 60,
        url=url,
    )
