"""The routes of the pages: one a page, and one for each page's tables."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException

from reviewbot.domain.errors import ForgeError, NotFound
from reviewbot.entrypoints.dashboard import sign_in
from reviewbot.entrypoints.dashboard.alerts import alerts
from reviewbot.entrypoints.dashboard.asking import read_asked
from reviewbot.entrypoints.dashboard.endpoints import endpoints
from reviewbot.entrypoints.dashboard.overview import overview
from reviewbot.entrypoints.dashboard.pull import pull
from reviewbot.entrypoints.dashboard.repository import repository
from reviewbot.entrypoints.dashboard.seal import proof
from reviewbot.entrypoints.dashboard.span import BadSpan, presets

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.typing import ResponseReturnValue

    from reviewbot.entrypoints.dashboard.gate import Gate
    from reviewbot.entrypoints.dashboard.page import Asked, Page, Sources

_PULL = "/repositories/<int:repository_id>/pulls/<int:number>"
_PAGES: tuple[tuple[str, Callable[..., Page]], ...] = (
    ("", overview),
    ("/repositories/<int:repository_id>", repository),
    (_PULL, pull),
    ("/endpoints", endpoints),
    ("/alerts", alerts),
)
# Nothing is loaded from elsewhere, framed, or run.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {"csv": "text/csv", "json": "application/json"}


def add_pages(app: Flask, gate: Gate, sources: Sources) -> None:
    """Put the pages into the application."""
    pages = Blueprint(
        "costs",
        __name__,
        template_folder="templates",
        static_folder="assets",
        static_url_path="/assets",
    )
    for path, build in _PAGES:
        name = build.__name__
        view = _viewing(sources, build)
        pages.add_url_rule(f"/costs{path}", name, _guarded(gate, view))
        tables = f"/costs{path}/tables/<table>.<any(csv, json):form>"
        pages.add_url_rule(tables, f"{name}_table", _guarded(gate, _serving(sources, build)))
    pages.add_url_rule("/", "home", lambda: redirect(url_for("costs.overview")))
    sign_in.add_routes(pages, gate)
    pages.after_request(_with_headers)
    pages.context_processor(lambda: {"sign_out_proof": _sign_out_proof(gate)})
    pages.register_error_handler(HTTPException, _told)
    pages.register_error_handler(ForgeError, _github_failed)
    app.register_blueprint(pages)


def _guarded(gate: Gate, view: Callable[..., ResponseReturnValue]) -> Callable[..., Any]:
    """Nobody comes further who may not look; whoever has no right sees no difference."""

    def guarded(**parts: Any) -> ResponseReturnValue:
        authorization = request.headers.get("Authorization")
        cookie = request.cookies.get(sign_in.SESSION)
        visitor = gate.visitor(authorization, cookie)
        if visitor is not None:
            g.visitor = visitor
            return view(**parts)
        if authorization is not None:
            abort(HTTPStatus.UNAUTHORIZED)
        back = request.full_path.rstrip("?")
        return redirect(url_for("costs.sign_in", next=back), HTTPStatus.SEE_OTHER)

    return guarded


def _built(
    sources: Sources, build: Callable[..., Page], parts: dict[str, Any]
) -> tuple[Page, Asked]:
    try:
        asked = read_asked(sources, g.visitor.sight, request.args)
        return build(sources, asked, **parts), asked
    except BadSpan as error:
        abort(HTTPStatus.BAD_REQUEST, str(error))
    except NotFound:
        abort(HTTPStatus.NOT_FOUND)


def _viewing(sources: Sources, build: Callable[..., Page]) -> Callable[..., ResponseReturnValue]:
    def view(**parts: Any) -> ResponseReturnValue:
        page, asked = _built(sources, build, parts)
        return render_template(
            page.template,
            page=page,
            tables={table.name: table for table in page.tables},
            asked=asked,
            presets=presets(asked.now.date(), asked.span),
            base=request.path,
            query=page.query or asked.query,
            **page.values,
        )

    return view


def _serving(sources: Sources, build: Callable[..., Page]) -> Callable[..., ResponseReturnValue]:
    def serve(table: str, form: str, **parts: Any) -> ResponseReturnValue:
        page, _ = _built(sources, build, parts)
        found = page.table(table)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        answer = Response(found.csv() if form == "csv" else found.json(), mimetype=_TYPES[form])
        answer.headers["Content-Disposition"] = f'attachment; filename="reviewbot-{table}.{form}"'
        return answer

    return serve


def _sign_out_proof(gate: Gate) -> str:
    return proof(gate.secret, "sign-out", request.cookies.get(sign_in.SESSION, ""))


def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint != "costs.static":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Authorization, Cookie"
    return response


def _told(error: HTTPException) -> ResponseReturnValue:
    """An error as a page; only what this package wrote itself is shown."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if error.response is not None:
        return error.response
    said = error.description if status == HTTPStatus.BAD_REQUEST else ""
    page = render_template("error.html", status=status.value, title=status.phrase, said=said)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return page, status, headers


def _github_failed(error: ForgeError) -> ResponseReturnValue:
    """GitHub alone knows who may see what, so nobody sees anything until it answers."""
    del error
    status = HTTPStatus.SERVICE_UNAVAILABLE
    said = "GitHub does not say what you may see. Try again in a minute."
    page = render_template("error.html", status=status.value, title=status.phrase, said=said)
    return page, status, {"Retry-After": "60"}
