"""What every route of the sandbox GitHub shares: who asks, for what, and how pages are cut."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, jsonify, request

from reviewbot.sandbox.github_access import BOT
from reviewbot.sandbox.github_deliveries import Deliveries
from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_registrations import Registrations
from reviewbot.sandbox.github_views import show_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.sandbox.github_access import Access, Caller
    from reviewbot.sandbox.github_people import People
    from reviewbot.sandbox.github_store import JsonObject, PullState, Store

_API_VERSIONS = (None, "2022-11-28", "2026-03-10")


@dataclass
class Hub:
    """The state behind the routes; *url* is known once the server has a port."""

    store: Store
    access: Access
    pat_may_check: bool
    people: People
    url: str = ""
    hook_url: str = ""  # where the App's deliveries go
    hook_type: str = "json"
    registrations: Registrations = field(default_factory=Registrations)
    deliveries: Deliveries = field(default_factory=Deliveries)

    @property
    def api(self) -> str:
        """The address of the API that objects refer to each other by."""
        return f"{self.url}/api/v3"

    def now(self) -> str:
        """The time in GitHub's format."""
        return datetime.fromtimestamp(self.access.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def caller(self) -> Caller:
        """Who sends the present request."""
        return self.access.caller(request.headers.get("Authorization"))

    def visit_by_id(self, repository_id: int) -> Visit:
        """The same, where a repository is named by its id."""
        name = self.store.name_of(repository_id)
        if name is None:
            self.caller()
            raise not_found()
        return self.visit(*name.split("/"))

    def visit(self, owner: str, name: str) -> Visit:
        """The present request to a repository; raises 401 or 404."""
        caller = self.caller()
        states = self.store.of(f"{owner}/{name}")
        if not states:
            raise not_found()
        pull = states[0].pull
        if not caller.sees(pull.repository, pull.repository_id):
            raise not_found()
        return Visit(self, caller, pull.repository)


@dataclass(frozen=True)
class Visit:
    """One request to one repository by somebody who may see it."""

    hub: Hub
    caller: Caller
    repository: str

    @property
    def store(self) -> Store:
        """All that is remembered."""
        return self.hub.store

    @property
    def url(self) -> str:
        """The repository's address in the API."""
        return f"{self.hub.api}/repos/{self.repository}"

    @property
    def page(self) -> str:
        """The address of the repository's pages."""
        return f"{self.hub.url}/{self.repository}"

    @property
    def user(self) -> JsonObject:
        """Who is named as the author of what is written."""
        user = self.caller.user
        return show_user(user["login"], user["id"], user["type"])

    @property
    def association(self) -> str:
        """What GitHub says of the author's tie to the repository."""
        return "NONE" if self.caller.user["id"] == BOT["id"] else "OWNER"

    def state(self, number: int) -> PullState:
        """A pull request of the repository."""
        state = self.store.find(self.repository, number)
        if state is None:
            raise not_found()
        return state

    def state_of(self, comment: JsonObject) -> PullState:
        """The pull request that a comment stands on."""
        url = comment.get("issue_url") or comment["pull_request_url"]
        return self.state(int(url.rpartition("/")[2]))


def check_headers() -> None:
    """Raise what GitHub answers to a client without a name or of an unknown API version."""
    if not request.headers.get("User-Agent"):
        message = "Request forbidden by administrative rules. Please make sure your request has"
        raise Refused(403, f"{message} a User-Agent header.")
    if request.headers.get("X-GitHub-Api-Version") not in _API_VERSIONS:
        raise Refused(400, "The API version is not supported.")


def read_json() -> JsonObject:
    """The request's body; an absent one is an empty object."""
    if not request.get_data():
        return {}
    try:
        body = request.get_json(force=True)
    except Exception as error:
        raise Refused(400, "Problems parsing JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def wants(kind: str) -> bool:
    """Whether the Accept header asks for GitHub's media type *kind*, such as diff or raw."""
    pattern = rf"application/vnd\.github\.(v3\.)?{kind}(\+json)?\b"
    return re.search(pattern, request.headers.get("Accept", "")) is not None


def answer_page(items: Sequence[JsonObject], key: str = "") -> Response:
    """One page of *items*, with a Link header; below *key* with their count if given."""
    size = min(max(_number("per_page", 30), 1), 100)
    page = max(_number("page", 1), 1)
    last = max(math.ceil(len(items) / size), 1)
    cut = list(items[(page - 1) * size : page * size])
    response = jsonify({"total_count": len(items), key: cut} if key else cut)
    links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page == 1:
        links = {rel: at for rel, at in links.items() if rel not in ("prev", "first")}
    if page >= last:
        links = {rel: at for rel, at in links.items() if rel not in ("next", "last")}
    if links:
        response.headers["Link"] = ", ".join(_link(rel, at) for rel, at in links.items())
    return response


def _number(name: str, default: int) -> int:
    try:
        return int(request.args.get(name, default))
    except ValueError:
        return default


def _link(rel: str, page: int) -> str:
    query = urlencode({**request.args.to_dict(), "page": page})
    return f'<{request.base_url}?{query}>; rel="{rel}"'
