"""The routes of the sandbox GitHub about what a repository was: lists, and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify, request

from reviewbot.sandbox.github_errors import not_found
from reviewbot.sandbox.github_hub import Visit, answer_page, wants
from reviewbot.sandbox.github_views import show_pull

if TYPE_CHECKING:
    from reviewbot.sandbox.github_store import JsonObject

_DETAILS = frozenset({"merged", "commits", "additions", "deletions", "changed_files", "comments"})


def get_pulls(visit: Visit) -> Response:
    """GET pulls: by default those that are open, the newest first; less detailed than one."""
    state = request.args.get("state", "open")
    shown = [show_pull(each, visit.hub.api) for each in visit.store.of(visit.repository)]
    wanted = [pull for pull in shown if state in {"all", pull["state"]}]
    key = {"updated": "updated_at"}.get(request.args.get("sort", ""), "created_at")
    wanted.sort(key=lambda pull: pull[key], reverse=request.args.get("direction") != "asc")
    return answer_page([_listed(pull) for pull in wanted])


def _listed(pull: JsonObject) -> JsonObject:
    return {key: value for key, value in pull.items() if key not in _DETAILS}


def get_remarks(visit: Visit) -> Response:
    """GET pulls/comments: all comments on lines, of pending reviews none."""
    since = request.args.get("since", "")
    found: list[JsonObject] = []
    for state in visit.store.of(visit.repository):
        pending = {r["id"] for r in state.reviews if r["state"] == "PENDING"}
        found += [c for c in state.review_comments if c["pull_request_review_id"] not in pending]
    return answer_page([each for each in found if each["updated_at"] >= since])


def get_comparison(visit: Visit, span: str) -> Response:
    """GET compare/{base}...{head}: where they parted, or the diff if Accept asks for it."""
    base, _, head = span.partition("...")
    known = visit.store.commits(visit.repository)
    if base not in known or head not in known:
        raise not_found()
    if wants("diff"):
        return Response(
            _between(visit, base, head), content_type="application/vnd.github.diff; charset=utf-8"
        )
    url = f"{visit.url}/commits/{base}"
    return jsonify(status="ahead", merge_base_commit={"sha": base, "url": url}, commits=[])


def _between(visit: Visit, base: str, head: str) -> bytes:
    """Only what a pull request's head changed since its base is known here."""
    for state in visit.store.of(visit.repository):
        if state.pull.base_sha == base and head in state.diffs:
            return state.diffs[head]
    return b""
