"""The sandbox GitHub's labels, and changes of a pull request's title, body, state or base."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Response, jsonify

from reviewbot.sandbox.github_errors import Refused, invalid, not_found
from reviewbot.sandbox.github_hub import answer_page, read_json
from reviewbot.sandbox.github_schema import (
    BODY_LIMIT,
    LABELS,
    NEW_LABEL,
    PULL_UPDATE,
    check_body,
)
from reviewbot.sandbox.github_views import show_pull

if TYPE_CHECKING:
    from reviewbot.sandbox.github_hub import Visit
    from reviewbot.sandbox.github_store import JsonObject, PullState, Store

_LONGEST_NAME = 50
_COLOR = re.compile(r"[0-9a-fA-F]{6}")


# --- labels of a repository ------------------------------------------------------------------


def get_labels(visit: Visit) -> Response:
    """GET labels."""
    return answer_page(list(_known(visit).values()))


def get_label(visit: Visit, label: str) -> Response:
    """GET labels/{name}."""
    found = _known(visit).get(label.lower())
    if found is None:
        raise not_found()
    return jsonify(found)


def post_label(visit: Visit) -> tuple[Response, int]:
    """POST labels: since 2025 an App needs the right to write issues for that."""
    visit.caller.demand("issues")
    body = check_body(read_json(), NEW_LABEL)
    name = body["name"]
    if not name.strip() or len(name) > _LONGEST_NAME:
        invalid("Label", "name", "custom", f"name is too long (maximum is {_LONGEST_NAME})")
    if not _COLOR.fullmatch(body.get("color", "ededed")):
        invalid("Label", "color", "invalid")
    if name.lower() in _known(visit):
        invalid("Label", "name", "already_exists")
    return jsonify(store_label(visit.store, visit.repository, body)), 201


def store_label(store: Store, repository: str, body: JsonObject) -> JsonObject:
    """Remember a label of a repository."""
    label: JsonObject = {
        "id": store.next_id(),
        "name": body["name"],
        "color": body.get("color", "ededed").lower(),
        "description": body.get("description"),
        "default": False,
    }
    store.labels.setdefault(repository.lower(), {})[body["name"].lower()] = label
    return label


def _known(visit: Visit) -> dict[str, JsonObject]:
    """The repository's labels; those that its pull requests came with are among them."""
    for state in visit.store.of(visit.repository):
        for name in state.pull.labels:
            stored = visit.store.labels.setdefault(visit.repository.lower(), {})
            if name.lower() not in stored:
                store_label(visit.store, visit.repository, {"name": name})
    return visit.store.labels.get(visit.repository.lower(), {})


# --- labels of a pull request ----------------------------------------------------------------


def get_labels_of_pull(visit: Visit, number: int) -> Response:
    """GET issues/{n}/labels."""
    return answer_page(_labels(visit, visit.state(number)))


def post_labels_of_pull(visit: Visit, number: int) -> Response:
    """POST issues/{n}/labels: added to those that are there; missing ones are created."""
    state = visit.state(number)
    visit.caller.demand("pull_requests")
    known = _known(visit)
    for name in check_body(read_json(), LABELS).get("labels", ()):
        if name.lower() not in known:
            _may_create(visit)
            store_label(visit.store, visit.repository, {"name": name})
        have = {each.lower() for each in state.pull.labels}
        if name.lower() not in have:
            labels = (*state.pull.labels, _known(visit)[name.lower()]["name"])
            visit.store.change(number, visit.repository, labels=labels)
    return jsonify(_labels(visit, state))


def _may_create(visit: Visit) -> None:
    try:
        visit.caller.demand("issues")
    except Refused:
        message = "You do not have permission to create labels on this repository."
        error = {"resource": "Repository", "field": "label", "code": "unauthorized"}
        raise Refused(403, message, [error]) from None


def delete_label_of_pull(visit: Visit, number: int, label: str) -> Response:
    """DELETE issues/{n}/labels/{name}."""
    state = visit.state(number)
    visit.caller.demand("pull_requests")
    kept = tuple(name for name in state.pull.labels if name.lower() != label.lower())
    if len(kept) == len(state.pull.labels):
        raise Refused(404, "Label does not exist")
    visit.store.change(number, visit.repository, labels=kept)
    return jsonify(_labels(visit, state))


def _labels(visit: Visit, state: PullState) -> list[JsonObject]:
    known = _known(visit)
    return [known[name.lower()] for name in state.pull.labels]


# --- a pull request --------------------------------------------------------------------------


def patch_pull(visit: Visit, number: int) -> Response:
    """PATCH pulls/{n}: what its author may change."""
    state = visit.state(number)
    visit.caller.demand("pull_requests")
    body = check_body(read_json(), PULL_UPDATE)
    if "title" in body and not body["title"].strip():
        invalid("PullRequest", "title", "missing_field")
    if len(body.get("body", "")) > BODY_LIMIT:
        message = f"body is too long (maximum is {BODY_LIMIT} characters)"
        invalid("PullRequest", "body", "custom", message)
    changes: JsonObject = {key: body[key] for key in ("title", "body") if key in body}
    if "base" in body:
        changes["base_branch"] = body["base"]
    visit.store.change(number, visit.repository, **changes)
    if "state" in body:
        state.is_open = body["state"] == "open"
    return jsonify(show_pull(state, visit.hub.api))
