"""The set-up page: registers the GitHub App for a service that has no credentials yet.

Only who knows the token that was printed on the console gets in; nothing else is served.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import logging
import re
import secrets
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from reviewbot.domain.errors import ReviewbotError
from reviewbot.entrypoints.door import Refusal
from reviewbot.github.auth import Anonymous
from reviewbot.github.client import GitHubClient
from reviewbot.github.manifest import RegisteredApp, convert, is_code, manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from reviewbot.runtime.settings import GitHub

_log = logging.getLogger(__name__)
PAGE = "/setup"
_CREATED, _STYLE = "/setup/created", "/setup/style.css"
_STATE_SECONDS = 3600.0  # as long as GitHub lets the flow take
_MOST_STATES = 100
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class SetUp:
    """How the set-up is done; *finish* stores the App and lets the service go on."""

    github: GitHub
    public_url: str
    finish: Callable[[RegisteredApp], None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    states: States = field(default_factory=lambda: States(time.monotonic))


class States:
    """What GitHub must give back, each once and within the hour."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """A new one; the oldest gives way when there are too many."""
        while len(self._ends) >= _MOST_STATES:
            self._ends.pop(next(iter(self._ends)))
        state = secrets.token_urlsafe(32)
        self._ends[state] = self._now() + _STATE_SECONDS
        return state

    def redeem(self, given: str) -> bool:
        """Whether it was issued and holds; it does not hold again."""
        # All are compared, so that the time tells nothing about which one is near.
        fits = [each for each in list(self._ends) if _same(each, given)]
        return any(self._now() < self._ends.pop(each, 0.0) for each in fits)


def create_setup_app(setup: SetUp) -> Flask:
    """The WSGI application of a service that waits to be set up."""
    setup = replace(setup, github=_with_its_pages(setup.github))
    app = Flask(__name__, static_folder=None)
    style = (resources.files(__package__) / "static/setup.css").read_text(encoding="utf-8")

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "waits to be set up"}

    @app.get(_STYLE)
    def stylesheet() -> ResponseReturnValue:
        return Response(style, mimetype="text/css")

    @app.get(PAGE)
    def page() -> ResponseReturnValue:
        # Who does not know the token cannot even tell that there is a page.
        if not _same(setup.token, request.args.get("token", "")):
            abort(HTTPStatus.NOT_FOUND)
        return _page(setup)

    @app.get(_CREATED)
    def created() -> ResponseReturnValue:
        return _created(setup)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        why = Refusal(status, error.name.casefold().replace(" ", "-"))
        return Response(why.body, status, mimetype="application/json")

    app.after_request(lambda response: _guarded(response, setup.github))
    return app


def _with_its_pages(github: GitHub) -> GitHub:
    """Where nothing names the server, its pages are on its API's host: never an App elsewhere."""
    if "server_url" in github.model_fields_set or "api_url" not in github.model_fields_set:
        return github
    api = urlsplit(github.api_url)
    return github.model_copy(
        update={"server_url": f"{api.scheme}://{api.netloc.removeprefix('api.')}"}
    )


def _page(setup: SetUp) -> ResponseReturnValue:
    organisation = request.args.get("organisation", "").strip()
    wrong = bool(organisation) and not _ORGANISATION.fullmatch(organisation)
    owner = "" if wrong else organisation
    if not _HOST.fullmatch(request.host):
        abort(HTTPStatus.BAD_REQUEST)
    here = request.host_url.rstrip("/")
    public = setup.public_url.rstrip("/") or here
    if urlsplit(public).netloc == request.host:
        here = public  # a proxy speaks HTTPS for us
    name = f"reviewbot-{owner.lower()}" if owner else f"reviewbot-{secrets.token_hex(3)}"
    asked = manifest(name, public, f"{here}{_CREATED}")
    place = f"/organizations/{owner}/settings/apps/new" if owner else "/settings/apps/new"
    return render_template(
        "setup.html",
        action=f"{setup.github.server_url.rstrip('/')}{place}?state={setup.states.issue()}",
        manifest=json.dumps(asked),
        asked=asked,
        server=urlsplit(setup.github.server_url).netloc,
        owner=owner,
        wrong=organisation if wrong else "",
        unreachable=_is_private(public, setup.github),
        token=setup.token,
        style=_STYLE,
    )


def _created(setup: SetUp) -> ResponseReturnValue:
    """GitHub's redirect: only with a state of ours is its code worth anything."""
    code = request.args.get("code", "")
    if not setup.states.redeem(request.args.get("state", "")) or not is_code(code):
        abort(HTTPStatus.NOT_FOUND)
    try:
        with closing(GitHubClient(setup.github.api_url, Anonymous())) as client:
            app = convert(client, code)
        setup.finish(app)
    except ReviewbotError as error:
        why = Refusal(HTTPStatus.BAD_GATEWAY, "set-up-failed")
        _log.exception("set-up failed", extra={"id": why.id, "kind": type(error).__name__})
        return render_template("setup_failed.html", id=why.id, style=_STYLE), why.status
    return redirect(_installation_page(setup.github, app), HTTPStatus.SEE_OTHER)


def _installation_page(github: GitHub, app: RegisteredApp) -> str:
    """Where the App is installed; never an address of another host."""
    server = github.server_url.rstrip("/")
    if app.html_url.startswith(f"{server}/"):
        return f"{app.html_url}/installations/new"
    return f"{server}/apps/{app.slug}/installations/new"


def _is_private(url: str, github: GitHub) -> bool:
    """Whether GitHub surely cannot deliver there; a server of one's own reaches more."""
    host = urlsplit(url).hostname or ""
    public = urlsplit(github.server_url).hostname == "github.com"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or (public and "." not in host)
    return address.is_loopback or (public and not address.is_global)


def _guarded(response: Response, github: GitHub) -> Response:
    server = urlsplit(github.server_url)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {server.scheme}://{server.netloc}"
    )
    response.headers["Referrer-Policy"] = "same-origin"  # the address holds the token
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode())
