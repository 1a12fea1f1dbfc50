"""Signing in, by the administrators' token or by way of GitHub, and signing out."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, abort, make_response, redirect, render_template, request, url_for

from reviewbot.domain.errors import Forbidden
from reviewbot.entrypoints.dashboard.gate import FORM_SECONDS, OAUTH_SECONDS
from reviewbot.entrypoints.dashboard.seal import matches, proof

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from reviewbot.entrypoints.dashboard.gate import Gate

_log = logging.getLogger(__name__)
SESSION = "reviewbot_session"
_FORM = "reviewbot_form"
_JOURNEY = "reviewbot_oauth"
_LONGEST = 2_000  # characters of an address or a code
_FOREIGN = {"cross-site", "same-site"}


def add_routes(pages: Blueprint, gate: Gate) -> None:
    """Put the sign-in's routes into the blueprint."""
    routes = (
        ("GET", "/sign-in", "sign_in", _show),
        ("POST", "/sign-in", "enter", _enter),
        ("GET", "/sign-in/github", "to_github", _to_github),
        ("GET", "/sign-in/github/callback", "from_github", _from_github),
        ("POST", "/sign-out", "sign_out", _sign_out),
    )
    for method, path, name, view in routes:
        pages.add_url_rule(path, name, lambda view=view: view(gate), methods=[method])


def _show(gate: Gate, wrong: str = "") -> Response:
    """The form, with what proves that it was this server's."""
    own = request.cookies.get(_FORM) or secrets.token_urlsafe(24)
    page = render_template(
        "sign_in.html",
        doors=gate.doors,
        wrong=wrong,
        back=_back(request.values.get("next")),
        proof=proof(gate.secret, "form", own),
    )
    response = make_response(page, HTTPStatus.FORBIDDEN if wrong else HTTPStatus.OK)
    _set(gate, response, _FORM, own, FORM_SECONDS)
    return response


def _enter(gate: Gate) -> ResponseReturnValue:
    own = request.cookies.get(_FORM, "")
    if not own or _is_foreign():
        return _show(gate, "The form is too old. Try again.")
    if not matches(request.form.get("proof"), proof(gate.secret, "form", own)):
        return _show(gate, "The form is too old. Try again.")
    if not gate.is_admins_token(request.form.get("token", "").strip()):
        _log.warning("sign-in refused", extra={"code": "wrong-token"})
        return _show(gate, "That is not the administrators' token.")
    _log.info("signed in", extra={"who": "administrator"})
    return _signed_in(gate, gate.session_of_admin(), request.form.get("next"))


def _to_github(gate: Gate) -> ResponseReturnValue:
    """Send the browser to GitHub; a sealed cookie remembers what must come back."""
    if gate.doors.oauth is None:
        abort(HTTPStatus.NOT_FOUND)
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    journey = {"state": state, "verifier": verifier, "next": _back(request.args.get("next"))}
    there = gate.doors.oauth.authorize_url(state, verifier)
    response = make_response(redirect(there, HTTPStatus.SEE_OTHER))
    _set(gate, response, _JOURNEY, gate.journeys.close(journey), OAUTH_SECONDS)
    return response


def _from_github(gate: Gate) -> ResponseReturnValue:
    """GitHub's answer counts only in the browser that was sent there."""
    if gate.doors.oauth is None:
        abort(HTTPStatus.NOT_FOUND)
    journey = gate.journeys.open(request.cookies.get(_JOURNEY))
    code = request.args.get("code", "")
    if (
        journey is None
        or not matches(request.args.get("state"), journey["state"])
        or not 0 < len(code) <= _LONGEST
    ):
        return _forget_journey(_show(gate, "Signing in with GitHub was not finished. Try again."))
    try:
        token = gate.doors.oauth.exchange(code, journey["verifier"])
    except Forbidden as error:
        _log.warning("sign-in refused", extra={"code": "github-refused", "why": str(error)})
        return _forget_journey(_show(gate, "GitHub did not confirm who you are. Try again."))
    _log.info("signed in", extra={"who": "by GitHub"})
    return _forget_journey(_signed_in(gate, gate.session_of(token), journey["next"]))


def _sign_out(gate: Gate) -> ResponseReturnValue:
    session = request.cookies.get(SESSION, "")
    if _is_foreign() or not matches(
        request.form.get("proof"), proof(gate.secret, "sign-out", session)
    ):
        abort(HTTPStatus.FORBIDDEN)
    gate.sign_out(session)
    response = make_response(redirect(url_for("costs.sign_in"), HTTPStatus.SEE_OTHER))
    response.delete_cookie(SESSION, path="/")
    return response


def _signed_in(gate: Gate, session: str, back: str | None) -> Response:
    response = make_response(redirect(_back(back), HTTPStatus.SEE_OTHER))
    _set(gate, response, SESSION, session, gate.doors.session_seconds)
    response.delete_cookie(_FORM, path="/")
    return response


def _forget_journey(response: Response) -> Response:
    response.delete_cookie(_JOURNEY, path="/")
    return response


def _back(address: str | None) -> str:
    """A path of this server, and nothing that a browser takes for another one."""
    home = url_for("costs.overview")
    if not address or len(address) > _LONGEST or not address.isascii():
        return home
    is_path = address.startswith("/") and not address.startswith("//")
    return address if is_path and "\\" not in address and address.isprintable() else home


def _is_foreign() -> bool:
    """Whether the browser says that another site sent this form."""
    return request.headers.get("Sec-Fetch-Site") in _FOREIGN


def _set(gate: Gate, response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie that scripts do not see and that other sites' forms do not send."""
    proxied = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip() == "https"
    is_secure = gate.doors.url.startswith("https://") or request.is_secure or proxied
    response.set_cookie(
        name, value, seconds, path="/", secure=is_secure, httponly=True, samesite="Lax"
    )
