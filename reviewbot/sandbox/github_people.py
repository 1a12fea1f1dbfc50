"""People who sign in with an App on the sandbox GitHub: codes, their tokens, what they reach."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify, redirect, request

from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_hub import answer_page
from reviewbot.sandbox.github_views import show_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask.typing import ResponseReturnValue

    from reviewbot.sandbox.github_access import Caller
    from reviewbot.sandbox.github_hub import Hub
    from reviewbot.sandbox.github_store import JsonObject

CODE_SECONDS = 600
TOKEN_SECONDS = 28_800
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and the ids of the repositories that they may read."""

    login: str
    id: int
    repositories: frozenset[int] = frozenset()

    @property
    def user(self) -> Mapping[str, Any]:
        """As GitHub names them."""
        return {"login": self.login, "id": self.id, "type": "User"}


@dataclass(frozen=True)
class _Code:
    """What a code was given for: it opens nothing else."""

    login: str
    redirect_uri: str
    challenge: str
    ends: float


@dataclass
class People:
    """Everybody with an account, the codes that wait, and who holds which token."""

    clock: Callable[[], float]
    known: dict[str, Person] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def holder(self, token: str) -> Person | None:
        """Whose token it is, if it holds."""
        login, ends = self.tokens.get(token, ("", 0.0))
        return self.known.get(login) if self.clock() < ends else None

    def grant(self, code: _Code) -> str:
        """A code that can be turned into a token once."""
        name = secrets.token_hex(10)
        self.codes[name] = code
        return name

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """GitHub's answer to a code: a token, or an error, both with status 200."""
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or self.clock() >= code.ends or not _proves(code, form):
            return _error("bad_verification_code", "The code passed is incorrect or expired.")
        if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
            return _error("redirect_uri_mismatch", "The redirect_uri MUST match the registered.")
        token = "ghu_" + secrets.token_hex(18)
        self.tokens[token] = (code.login, self.clock() + TOKEN_SECONDS)
        return {
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": "ghr_" + secrets.token_hex(38),
            "refresh_token_expires_in": 15_897_600,
            "token_type": "bearer",
            "scope": "",
        }


def _proves(code: _Code, form: Mapping[str, str]) -> bool:
    """PKCE: who redeems is who asked."""
    if not code.challenge:
        return True
    return secrets.compare_digest(_challenge(form.get("code_verifier", "")), code.challenge)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _error(code: str, text: str) -> dict[str, Any]:
    return {"error": code, "error_description": text}


# --- pages ------------------------------------------------------------------------------------


def authorize(hub: Hub) -> ResponseReturnValue:
    """Ask who sits at the browser (``as``), as a session on GitHub would know; then redirect."""
    app, asked = hub.access.app, request.args
    if app is None or asked.get("client_id") != app.client_id:
        raise not_found()
    target = asked.get("redirect_uri") or app.callback
    if not target or not _is_below(target, app.callback):
        error = _error("redirect_uri_mismatch", "The redirect_uri is not registered.")
        return redirect(f"{app.callback}?{urlencode(error)}")
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        raise Refused(400, "code_challenge_method must be S256")
    person = hub.people.known.get(asked.get("as", ""))
    if person is None:
        return _who(hub)
    ends = hub.people.clock() + CODE_SECONDS
    code = _Code(person.login, target, asked.get("code_challenge", ""), ends)
    said = {"code": hub.people.grant(code)}
    if asked.get("state"):
        said["state"] = asked["state"]
    return redirect(f"{target}?{urlencode(said)}")


def _is_below(target: str, registered: str) -> bool:
    """GitHub's rule: same host and port, and a path at or below the registered one."""
    asked, known = urlsplit(target), urlsplit(registered)
    if (asked.scheme, asked.netloc) != (known.scheme, known.netloc):
        return False
    return asked.path == known.path or asked.path.startswith(f"{known.path.rstrip('/')}/")


def _who(hub: Hub) -> Response:
    links = "".join(
        f'<li><a href="?{html.escape(urlencode({**request.args.to_dict(), "as": login}))}">'
        f"{html.escape(login)}</a></li>"
        for login in sorted(hub.people.known)
    )
    page = f"<!doctype html><title>Loopback GitHub</title><h1>Sign in as</h1><ul>{links}</ul>"
    return Response(page, mimetype="text/html")


def post_access_token(hub: Hub) -> ResponseReturnValue:
    """Turn a code into a person's token; JSON only for those who ask for it, as GitHub has it."""
    form, app = request.form, hub.access.app
    if app is None or form.get("client_id") != app.client_id:
        raise not_found()
    if not app.client_secret or not secrets.compare_digest(
        form.get("client_secret", "").encode(), app.client_secret.encode()
    ):
        answer = _error("incorrect_client_credentials", "The client_id and/or secret is wrong.")
    else:
        answer = hub.people.redeem(form)
    if "json" in request.headers.get("Accept", ""):
        return jsonify(answer)
    return Response(urlencode(answer), mimetype=_FORM)


# --- what a person may read -------------------------------------------------------------------


def _person(hub: Hub) -> Person:
    caller: Caller = hub.caller()
    person = hub.people.known.get(caller.user["login"])
    if person is None or not caller.is_person:
        message = "You must authenticate with an access token authorized to a GitHub App"
        raise Refused(403, f"{message} in order to list installations")
    return person


def _reached(hub: Hub, person: Person) -> list[JsonObject]:
    shown: dict[int, JsonObject] = {}
    for state in hub.store.pulls:
        if state.pull.repository_id in person.repositories:
            shown.setdefault(state.pull.repository_id, show_repository(state.pull, hub.api))
    return [shown[repository_id] for repository_id in sorted(shown)]


def get_installations(hub: Hub, show: Callable[[int], JsonObject]) -> Response:
    """The App's installations that reach something which the person may read."""
    person, app = _person(hub), hub.access.app
    ids = sorted(app.installations) if app and _reached(hub, person) else []
    return answer_page([show(each) for each in ids], "installations")


def get_repositories(hub: Hub, installation_id: int) -> Response:
    """What the person may read of an installation."""
    person, app = _person(hub), hub.access.app
    reached = _reached(hub, person)
    if app is None or installation_id not in app.installations or not reached:
        raise not_found()
    return answer_page(reached, "repositories")
