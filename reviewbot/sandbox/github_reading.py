"""The routes of the sandbox GitHub that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify, request

from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_hub import Visit, answer_page, wants
from reviewbot.sandbox.github_store import blob_sha
from reviewbot.sandbox.github_views import (
    show_blob,
    show_content,
    show_file,
    show_pull,
    show_repository,
    show_tree,
    show_user,
)

if TYPE_CHECKING:
    from reviewbot.sandbox.github_store import JsonObject, PullState

_DIFF_BYTES = 1_000_000
_DIFF_LINES = 20_000
_DIFF_FILES = 300
_LISTED_FILES = 3_000


def get_repository(visit: Visit) -> Response:
    """GET /repos/{owner}/{repo}."""
    return jsonify(show_repository(visit.store.of(visit.repository)[0].pull, visit.hub.api))


def get_pull(visit: Visit, number: int) -> Response:
    """GET pulls/{n}: JSON, or the diff if Accept asks for it."""
    state = visit.state(number)
    if not wants("diff"):
        return jsonify(show_pull(state, visit.hub.api))
    if _is_too_large(state):
        message = "Sorry, the diff exceeded the maximum number of files or lines."
        error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
        raise Refused(406, message, [error])
    return Response(state.pull.diff, content_type="application/vnd.github.diff; charset=utf-8")


def _is_too_large(state: PullState) -> bool:
    diff = state.pull.diff
    return (
        state.pull.diff_too_large
        or len(diff) > _DIFF_BYTES
        or diff.count(b"\n") > _DIFF_LINES
        or len(state.entries) > _DIFF_FILES
    )


def get_files(visit: Visit, number: int) -> Response:
    """GET pulls/{n}/files."""
    state = visit.state(number)
    entries = list(state.entries.values())[:_LISTED_FILES]
    return answer_page([show_file(e, state.pull, visit.url) for e in entries])


def get_tree(visit: Visit, ref: str) -> Response:
    """GET git/trees/{ref}; any value of *recursive* means yes, as on GitHub."""
    recursive = "recursive" in request.args
    tree, folder = visit.store.tree(visit.repository, ref), ""
    if tree is None:
        for known in visit.store.trees(visit.repository):
            for name in ("", *known.folders()):
                if known.folder_sha(name) == ref:
                    tree, folder = known, name
    if tree is None:
        raise not_found()
    return jsonify(show_tree(tree, folder, visit.url, recursive=recursive))


def get_blob(visit: Visit, sha: str) -> Response:
    """GET git/blobs/{sha}."""
    for tree in visit.store.trees(visit.repository):
        for path in tree.files:
            content = tree.blob(path) or b""
            if blob_sha(content) == sha:
                return _raw(content) if wants("raw") else jsonify(show_blob(content))
    raise not_found()


def get_contents(visit: Visit, path: str) -> Response:
    """GET contents/{path}: JSON, or the bytes if Accept asks for them."""
    ref = request.args.get("ref", "")
    tree = visit.store.tree(visit.repository, ref)
    if tree is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    content = tree.blob(tree.follow(path))
    if content is not None and wants("raw"):
        return _raw(content)
    shown = show_content(tree, path.strip("/"), ref, visit.url)
    if shown == []:
        raise not_found()
    return jsonify(shown)


def _raw(content: bytes) -> Response:
    return Response(content, content_type="application/vnd.github.raw+json; charset=utf-8")


def get_reviews(visit: Visit, number: int) -> Response:
    """GET pulls/{n}/reviews; a pending one is seen by its author alone."""
    login = visit.caller.user["login"]
    reviews = visit.state(number).reviews
    return answer_page([r for r in reviews if _is_seen(r, login)])


def _is_seen(review: JsonObject, login: str) -> bool:
    return bool(review["state"] != "PENDING" or review["user"]["login"] == login)


def get_review(visit: Visit, number: int, review_id: int) -> Response:
    """GET pulls/{n}/reviews/{id}."""
    found = (r for r in visit.state(number).reviews if r["id"] == review_id)
    review = next(found, None)
    if review is None or not _is_seen(review, visit.caller.user["login"]):
        raise not_found()
    return jsonify(review)


def get_review_comments(visit: Visit, number: int) -> Response:
    """GET pulls/{n}/comments, without those of pending reviews."""
    state = visit.state(number)
    pending = {r["id"] for r in state.reviews if r["state"] == "PENDING"}
    comments = state.review_comments
    return answer_page([c for c in comments if c["pull_request_review_id"] not in pending])


def get_comments_of_review(visit: Visit, number: int, review_id: int) -> Response:
    """GET pulls/{n}/reviews/{id}/comments."""
    get_review(visit, number, review_id)
    comments = visit.state(number).review_comments
    return answer_page([c for c in comments if c["pull_request_review_id"] == review_id])


def get_issue_comments(visit: Visit, number: int) -> Response:
    """GET issues/{n}/comments."""
    return answer_page(visit.state(number).issue_comments)


def get_issue_comment(visit: Visit, comment_id: int) -> Response:
    """GET issues/comments/{id}."""
    return jsonify(find_issue_comment(visit, comment_id))


def find_issue_comment(visit: Visit, comment_id: int) -> JsonObject:
    """A comment of the repository; raises 404."""
    for state in visit.store.of(visit.repository):
        for comment in state.issue_comments:
            if comment["id"] == comment_id:
                return comment
    raise not_found()


def find_review_comment(visit: Visit, comment_id: int) -> JsonObject:
    """A comment on a line; raises 404."""
    for state in visit.store.of(visit.repository):
        for comment in state.review_comments:
            if comment["id"] == comment_id:
                return comment
    raise not_found()


def get_permission(visit: Visit, login: str) -> Response:
    """GET collaborators/{login}/permission: roles between come down to the four old words."""
    person = visit.store.collaborators.get(login.lower())
    if person is None:
        raise not_found()
    private = visit.store.of(visit.repository)[0].pull.private
    role = person.role or ("none" if private else "read")
    word = {"maintain": "write", "triage": "read"}.get(role, role)
    shown = show_user(person.login, person.id, "User")
    return jsonify(permission=word, role_name=role, user=shown)


def get_commit(visit: Visit, ref: str) -> Response:
    """GET commits/{sha}: that it is there, and nothing of what it holds."""
    if ref not in visit.store.commits(visit.repository):
        raise Refused(422, f"No commit found for SHA: {ref}")
    page = f"{visit.page}/commit/{ref}"
    node = f"C_{ref}"
    return jsonify(sha=ref, node_id=node, url=f"{visit.url}/commits/{ref}", html_url=page)


def get_check_runs(visit: Visit, ref: str) -> Response:
    """GET commits/{ref}/check-runs: by default the latest of each name."""
    name, status = request.args.get("check_name"), request.args.get("status")
    runs = [
        run
        for run in visit.store.check_runs
        if run["repository"] == visit.repository
        and run["head_sha"] == ref
        and name in (None, run["name"])
        and status in (None, run["status"])
    ]
    if request.args.get("filter", "latest") == "latest":
        runs = list({run["name"]: run for run in runs}.values())
    return answer_page([show_check_run(run) for run in reversed(runs)], "check_runs")


def get_check_run(visit: Visit, run_id: int) -> Response:
    """GET check-runs/{id}."""
    return jsonify(show_check_run(find_check_run(visit, run_id)))


def get_annotations(visit: Visit, run_id: int) -> Response:
    """GET check-runs/{id}/annotations."""
    return answer_page(find_check_run(visit, run_id)["output"]["annotations"])


def find_check_run(visit: Visit, run_id: int) -> JsonObject:
    """A check run of the repository; raises 404."""
    for run in visit.store.check_runs:
        if run["id"] == run_id and run["repository"] == visit.repository:
            return run
    raise not_found()


def show_check_run(run: JsonObject) -> JsonObject:
    """A check run as REST shows it: its annotations are counted, not listed."""
    output = {key: value for key, value in run["output"].items() if key != "annotations"}
    output["annotations_count"] = len(run["output"]["annotations"])
    output["annotations_url"] = f"{run['url']}/annotations"
    shown = {key: value for key, value in run.items() if key != "repository"}
    return shown | {"output": output}
