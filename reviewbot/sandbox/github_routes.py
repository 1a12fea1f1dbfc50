"""The sandbox GitHub's routes, joined into one application."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from reviewbot.sandbox import github_deliveries as deliveries
from reviewbot.sandbox import github_labels as labels
from reviewbot.sandbox import github_manifest as registering
from reviewbot.sandbox import github_past as past
from reviewbot.sandbox import github_people as people
from reviewbot.sandbox import github_reading as reading
from reviewbot.sandbox import github_writing as writing
from reviewbot.sandbox.github_access import BOT, OWNER
from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_graphql import post_graphql
from reviewbot.sandbox.github_hub import answer_page, check_headers, read_json
from reviewbot.sandbox.github_schema import ACCESS_TOKEN, check_body
from reviewbot.sandbox.github_views import NOW, show_app, show_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reviewbot.sandbox.github_access import App
    from reviewbot.sandbox.github_hub import Hub
    from reviewbot.sandbox.github_store import JsonObject

_REPOSITORY_ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "", reading.get_repository),
    ("GET", "/pulls", past.get_pulls),
    ("GET", "/pulls/comments", past.get_remarks),
    ("GET", "/pulls/<int:number>", reading.get_pull),
    ("PATCH", "/pulls/<int:number>", labels.patch_pull),
    ("GET", "/labels", labels.get_labels),
    ("POST", "/labels", labels.post_label),
    ("GET", "/labels/<path:label>", labels.get_label),
    ("GET", "/issues/<int:number>/labels", labels.get_labels_of_pull),
    ("POST", "/issues/<int:number>/labels", labels.post_labels_of_pull),
    ("DELETE", "/issues/<int:number>/labels/<path:label>", labels.delete_label_of_pull),
    ("GET", "/pulls/<int:number>/files", reading.get_files),
    ("GET", "/pulls/<int:number>/reviews", reading.get_reviews),
    ("POST", "/pulls/<int:number>/reviews", writing.post_review),
    ("GET", "/pulls/<int:number>/reviews/<int:review_id>", reading.get_review),
    (
        "GET",
        "/pulls/<int:number>/reviews/<int:review_id>/comments",
        reading.get_comments_of_review,
    ),
    ("GET", "/pulls/<int:number>/comments", reading.get_review_comments),
    (
        "POST",
        "/pulls/<int:number>/comments/<int:comment_id>/replies",
        writing.post_reply,
    ),
    (
        "POST",
        "/pulls/comments/<int:comment_id>/reactions",
        writing.post_reaction_on_line,
    ),
    (
        "POST",
        "/issues/comments/<int:comment_id>/reactions",
        writing.post_reaction_below,
    ),
    ("GET", "/issues/<int:number>/comments", reading.get_issue_comments),
    ("POST", "/issues/<int:number>/comments", writing.post_issue_comment),
    ("GET", "/issues/comments/<int:comment_id>", reading.get_issue_comment),
    ("PATCH", "/issues/comments/<int:comment_id>", writing.patch_issue_comment),
    ("GET", "/git/trees/<path:ref>", reading.get_tree),
    ("GET", "/git/blobs/<sha>", reading.get_blob),
    ("GET", "/contents/<path:path>", reading.get_contents),
    ("GET", "/compare/<path:span>", past.get_comparison),
    ("POST", "/check-runs", writing.post_check_run),
    ("GET", "/check-runs/<int:run_id>", reading.get_check_run),
    ("PATCH", "/check-runs/<int:run_id>", writing.patch_check_run),
    ("GET", "/check-runs/<int:run_id>/annotations", reading.get_annotations),
    ("GET", "/collaborators/<login>/permission", reading.get_permission),
    ("GET", "/commits/<ref>", reading.get_commit),
    ("GET", "/commits/<path:ref>/check-runs", reading.get_check_runs),
)


_BY_ID: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("", reading.get_repository),
    ("/git/trees/<path:ref>", reading.get_tree),
    ("/contents/<path:path>", reading.get_contents),
)


class _InOrder(DefaultJSONProvider):
    """JSON with its keys in the order that GitHub sends them in."""

    sort_keys = False


def create_application(hub: Hub) -> Flask:
    """The WSGI application that speaks GitHub's APIs over *hub*."""
    app = Flask(__name__, static_folder=None)
    app.json = _InOrder(app)
    for method, path, view in _REPOSITORY_ROUTES:
        rule = f"/repos/<owner>/<name>{path}"
        app.add_url_rule(rule, f"{method} {path}", _visiting(hub, view), methods=[method])
    for path, view in _BY_ID:
        rule = f"/repositories/<int:repository_id>{path}"
        app.add_url_rule(rule, f"by id {path}", _visiting_by_id(hub, view), methods=["GET"])
    for method, rule, answer in _OTHER_ROUTES:
        app.add_url_rule(rule, rule, _holding(hub, answer), methods=[method])
    app.before_request(check_headers)
    app.register_error_handler(Refused, _refuse)
    app.register_error_handler(HTTPException, lambda _: _refuse(not_found()))
    app.after_request(_Stamp().put)
    return app


def _visiting(hub: Hub, view: Callable[..., Any]) -> Callable[..., Any]:
    def answer(owner: str, name: str, **rest: Any) -> Any:  # noqa: ANN401 - what Flask calls
        with hub.store.lock:
            return view(hub.visit(owner, name), **rest)

    return answer


def _visiting_by_id(hub: Hub, view: Callable[..., Any]) -> Callable[..., Any]:
    def answer(repository_id: int, **rest: Any) -> Any:  # noqa: ANN401 - what Flask calls
        with hub.store.lock:
            return view(hub.visit_by_id(repository_id), **rest)

    return answer


def _holding(hub: Hub, view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def answer(**rest: Any) -> Any:  # noqa: ANN401 - what Flask calls
        with hub.store.lock:
            return view(hub, **rest)

    return answer


def _refuse(refused: Refused) -> tuple[Response, int]:
    return jsonify(refused.body), refused.status


class _Stamp:
    """Gives every response the headers that GitHub's have."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def put(self, response: Response) -> Response:
        number = next(self._numbers)
        response.headers["X-GitHub-Request-Id"] = f"SAND:{number:06X}"
        response.headers["X-RateLimit-Limit"] = "5000"
        response.headers["X-RateLimit-Remaining"] = "4999"
        response.headers["X-RateLimit-Reset"] = "4102444800"
        response.headers["X-RateLimit-Resource"] = "core"
        return response


def _signed_app(hub: Hub) -> App:
    return hub.access.signed_app(request.headers.get("Authorization"))


def _get_app(hub: Hub) -> Response:
    return jsonify(show_app(_signed_app(hub)))


def _get_installation(hub: Hub, installation_id: int) -> Response:
    app = _signed_app(hub)
    if installation_id not in app.installations:
        raise not_found()
    return jsonify(_show_installation(hub, app, installation_id))


def _get_installations(hub: Hub) -> Response:
    app = _signed_app(hub)
    return answer_page([_show_installation(hub, app, each) for each in sorted(app.installations)])


def _get_installation_of(hub: Hub, owner: str, name: str) -> Response:
    app = _signed_app(hub)
    if not hub.store.of(f"{owner}/{name}") or not app.installations:
        raise not_found()
    return jsonify(_show_installation(hub, app, min(app.installations)))


def _show_installation(hub: Hub, app: App, installation_id: int) -> JsonObject:
    url = f"{hub.api}/app/installations/{installation_id}"
    return {
        "id": installation_id,
        "app_id": app.id,
        "app_slug": app.slug,
        "account": show_user("acme", 99, "Organization"),
        "target_type": "Organization",
        "permissions": dict(app.permissions if app.accepted is None else app.accepted),
        "events": list(app.events),
        "repository_selection": "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{hub.api}/installation/repositories",
        "html_url": f"{hub.url}/settings/installations/{installation_id}",
        "created_at": NOW,
        "updated_at": NOW,
        "suspended_at": NOW if installation_id in hub.access.suspended else None,
    }


def _post_access_token(hub: Hub, installation_id: int) -> tuple[Response, int]:
    if installation_id not in _signed_app(hub).installations:
        raise not_found()
    body = check_body(read_json(), ACCESS_TOKEN)
    return jsonify(hub.access.issue(installation_id, body)), 201


def _get_user(hub: Hub) -> Response:
    caller = hub.caller()
    if caller.is_installation:
        raise Refused(403, "Resource not accessible by integration")
    return jsonify(_show_known(caller.user if caller.is_person else OWNER))


def _get_named_user(hub: Hub, login: str) -> Response:
    hub.caller()
    for user in (BOT, OWNER):
        if user["login"] == login:
            return jsonify(_show_known(user))
    raise not_found()


def _get_installations_of_user(hub: Hub) -> Response:
    app = hub.access.app
    return people.get_installations(hub, lambda n: _show_installation(hub, app, n) if app else {})


def _show_known(user: Mapping[str, Any]) -> JsonObject:
    return show_user(user["login"], user["id"], user["type"])


def _get_rate_limit(hub: Hub) -> Response:
    hub.caller()
    core = {"limit": 5000, "remaining": 4999, "used": 1, "reset": 4102444800, "resource": "core"}
    return jsonify({"resources": {"core": core, "search": core, "graphql": core}, "rate": core})


_OTHER_ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("POST", "/settings/apps/new", registering.show_manifest),
    ("POST", "/organizations/<owner>/settings/apps/new", registering.show_manifest),
    ("POST", "/settings/apps/manifest", registering.create_app),
    ("POST", "/app-manifests/<code>/conversions", registering.convert),
    ("GET", "/apps/<slug>/installations/new", registering.install),
    ("GET", "/app", _get_app),
    ("GET", "/app/hook/config", deliveries.show_hook),
    ("GET", "/app/hook/deliveries", deliveries.list_deliveries),
    ("POST", "/app/hook/deliveries/<int:delivery_id>/attempts", deliveries.redeliver),
    ("GET", "/app/installations", _get_installations),
    ("GET", "/app/installations/<int:installation_id>", _get_installation),
    ("POST", "/app/installations/<int:installation_id>/access_tokens", _post_access_token),
    ("GET", "/repos/<owner>/<name>/installation", _get_installation_of),
    ("GET", "/user", _get_user),
    ("GET", "/user/installations", _get_installations_of_user),
    (
        "GET",
        "/user/installations/<int:installation_id>/repositories",
        people.get_repositories,
    ),
    ("GET", "/login/oauth/authorize", people.authorize),
    ("POST", "/login/oauth/access_token", people.post_access_token),
    ("GET", "/users/<login>", _get_named_user),
    ("GET", "/rate_limit", _get_rate_limit),
    ("POST", "/graphql", post_graphql),
)
