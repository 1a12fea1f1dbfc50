"""The routes of the sandbox GitHub that write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify

from reviewbot.sandbox.github_diff import find_hunk
from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_hub import Visit, read_json
from reviewbot.sandbox.github_judge import judge_check_run, judge_comment, judge_review
from reviewbot.sandbox.github_reading import (
    find_check_run,
    find_issue_comment,
    find_review_comment,
    show_check_run,
)
from reviewbot.sandbox.github_schema import (
    CHECK_RUN_UPDATE,
    ISSUE_COMMENT,
    NEW_CHECK_RUN,
    REACTION,
    REVIEW,
    check_body,
)

if TYPE_CHECKING:
    from reviewbot.sandbox.github_diff import DiffEntry
    from reviewbot.sandbox.github_hub import Hub
    from reviewbot.sandbox.github_store import JsonObject, PullState

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def post_review(visit: Visit, number: int) -> Response:
    """POST pulls/{n}/reviews: the review with all its comments, or nothing."""
    state = visit.state(number)
    visit.caller.demand("pull_requests")
    body = check_body(read_json(), REVIEW)
    entries = judge_review(body, state, visit.user["login"])
    review = store_review(visit, state, body)
    for comment in body.get("comments", ()):
        stored = show_line_comment(visit, review, comment, entries[comment["path"]])
        if review["commit_id"] != state.pull.head_sha:
            stored.update(line=None, start_line=None, position=None)
        state.review_comments.append(stored)
    return jsonify(review)


def store_review(visit: Visit, state: PullState, body: JsonObject) -> JsonObject:
    """Remember a review without its comments."""
    review_id, number = visit.store.next_id(), state.pull.number
    review: JsonObject = {
        "id": review_id,
        "node_id": f"PRR_{review_id}",
        "user": visit.user,
        "body": body.get("body", ""),
        "state": _STATES.get(body.get("event", ""), "PENDING"),
        "commit_id": body.get("commit_id", state.pull.head_sha),
        "author_association": visit.association,
        "html_url": f"{visit.page}/pull/{number}#pullrequestreview-{review_id}",
        "pull_request_url": f"{visit.url}/pulls/{number}",
        "submitted_at": visit.hub.now(),
    }
    if review["state"] == "PENDING":
        del review["submitted_at"]
    state.reviews.append(review)
    return review


def show_line_comment(
    visit: Visit, review: JsonObject, comment: JsonObject, entry: DiffEntry
) -> JsonObject:
    """A comment of a review on a line of the diff."""
    comment_id, side = visit.store.next_id(), comment.get("side", "RIGHT")
    hunk = find_hunk(entry, side, comment["line"])
    place = hunk.places[side][comment["line"]] if hunk else 0
    before = sum(len(h.raw) for h in entry.hunks[: entry.hunks.index(hunk)]) if hunk else 0
    start = comment.get("start_line")
    shown = b"\n".join(hunk.raw[: place + 1]) if hunk else b""
    return {
        "id": comment_id,
        "node_id": f"PRRC_{comment_id}",
        "pull_request_review_id": review["id"],
        "url": f"{visit.url}/pulls/comments/{comment_id}",
        "html_url": f"{review['html_url'].partition('#')[0]}#discussion_r{comment_id}",
        "pull_request_url": review["pull_request_url"],
        "path": comment["path"],
        "body": comment["body"],
        "diff_hunk": shown.decode(errors="replace"),
        "line": comment["line"],
        "original_line": comment["line"],
        "side": side,
        "start_line": start,
        "original_start_line": start,
        "start_side": comment.get("start_side", side) if start else None,
        "position": before + place,
        "original_position": before + place,
        "subject_type": "line",
        "commit_id": review["commit_id"],
        "original_commit_id": review["commit_id"],
        "user": review["user"],
        "author_association": review["author_association"],
        "created_at": visit.hub.now(),
        "updated_at": visit.hub.now(),
    }


def post_reply(visit: Visit, number: int, comment_id: int) -> tuple[Response, int]:
    """POST pulls/{n}/comments/{id}/replies: to the first comment of a thread only."""
    state = visit.state(number)
    visit.caller.demand("pull_requests")
    text = check_body(read_json(), ISSUE_COMMENT)["body"]
    judge_comment(text)
    first = next((c for c in state.review_comments if c["id"] == comment_id), None)
    if first is None or first.get("in_reply_to_id"):
        raise not_found()
    return jsonify(store_reply(visit, state, first, text)), 201


def store_reply(visit: Visit, state: PullState, first: JsonObject, text: str) -> JsonObject:
    """Remember a reply to the first comment of a thread."""
    reply_id = visit.store.next_id()
    reply = first | {
        "id": reply_id,
        "node_id": f"PRRC_{reply_id}",
        "url": f"{visit.url}/pulls/comments/{reply_id}",
        "html_url": f"{visit.page}/pull/{state.pull.number}#discussion_r{reply_id}",
        "body": text,
        "user": visit.user,
        "author_association": visit.association,
        "in_reply_to_id": first["id"],
        "created_at": visit.hub.now(),
        "updated_at": visit.hub.now(),
    }
    state.review_comments.append(reply)
    return reply


def post_reaction_below(visit: Visit, comment_id: int) -> tuple[Response, int]:
    """POST issues/comments/{id}/reactions."""
    return _react(visit, find_issue_comment(visit, comment_id))


def post_reaction_on_line(visit: Visit, comment_id: int) -> tuple[Response, int]:
    """POST pulls/comments/{id}/reactions."""
    return _react(visit, find_review_comment(visit, comment_id))


def _react(visit: Visit, comment: JsonObject) -> tuple[Response, int]:
    visit.caller.demand("issues", "pull_requests")
    content = check_body(read_json(), REACTION)["content"]
    state = visit.state_of(comment)
    before = len(state.reactions)
    reaction = store_reaction(visit.hub, state, comment["id"], content, visit.user)
    return jsonify(reaction), 201 if len(state.reactions) > before else 200


def store_reaction(
    hub: Hub, state: PullState, comment_id: int, content: str, user: JsonObject
) -> JsonObject:
    """A new reaction, or the one that the same user gave before."""
    about = {"content": content, "user": user, "comment_id": comment_id}
    for known in state.reactions:
        if known | about == known:
            return known
    reaction: JsonObject = {"id": hub.store.next_id(), "created_at": hub.now(), **about}
    state.reactions.append(reaction)
    return reaction


def post_issue_comment(visit: Visit, number: int) -> tuple[Response, int]:
    """POST issues/{n}/comments."""
    state = visit.state(number)
    visit.caller.demand("issues", "pull_requests")
    text = check_body(read_json(), ISSUE_COMMENT)["body"]
    judge_comment(text)
    return jsonify(store_issue_comment(visit, state, text)), 201


def store_issue_comment(visit: Visit, state: PullState, text: str) -> JsonObject:
    """Remember a comment on a pull request."""
    comment_id, number = visit.store.next_id(), state.pull.number
    comment: JsonObject = {
        "id": comment_id,
        "node_id": f"IC_{comment_id}",
        "url": f"{visit.url}/issues/comments/{comment_id}",
        "html_url": f"{visit.page}/pull/{number}#issuecomment-{comment_id}",
        "issue_url": f"{visit.url}/issues/{number}",
        "body": text,
        "user": visit.user,
        "author_association": visit.association,
        "created_at": visit.hub.now(),
        "updated_at": visit.hub.now(),
    }
    state.issue_comments.append(comment)
    return comment


def patch_issue_comment(visit: Visit, comment_id: int) -> Response:
    """PATCH issues/comments/{id}."""
    comment = find_issue_comment(visit, comment_id)
    visit.caller.demand("issues", "pull_requests")
    text = check_body(read_json(), ISSUE_COMMENT)["body"]
    judge_comment(text)
    comment.update(body=text, updated_at=visit.hub.now())
    return jsonify(comment)


def post_check_run(visit: Visit) -> tuple[Response, int]:
    """POST check-runs."""
    _may_check(visit)
    body = check_body(read_json(), NEW_CHECK_RUN)
    if body["head_sha"] not in visit.store.commits(visit.repository):
        raise Refused(422, f"No commit found for SHA: {body['head_sha']}")
    run = _changed_run(visit, _blank_run(visit, body["head_sha"]), body)
    visit.store.check_runs.append(run)
    return jsonify(show_check_run(run)), 201


def patch_check_run(visit: Visit, run_id: int) -> Response:
    """PATCH check-runs/{id}; annotations are added to those that are there."""
    _may_check(visit)
    run = find_check_run(visit, run_id)
    body = check_body(read_json(), CHECK_RUN_UPDATE)
    run.update(_changed_run(visit, run, body))
    return jsonify(show_check_run(run))


def _may_check(visit: Visit) -> None:
    visit.caller.demand("checks")
    if not visit.caller.is_installation and not visit.hub.pat_may_check:
        raise Refused(403, "Resource not accessible by personal access token")


def _blank_run(visit: Visit, head_sha: str) -> JsonObject:
    run_id = visit.store.next_id()
    app = visit.hub.access.app
    return {
        "id": run_id,
        "node_id": f"CR_{run_id}",
        "repository": visit.repository,
        "url": f"{visit.url}/check-runs/{run_id}",
        "html_url": f"{visit.page}/runs/{run_id}",
        "head_sha": head_sha,
        "external_id": "",
        "details_url": visit.page,
        "status": "queued",
        "conclusion": None,
        "started_at": visit.hub.now(),
        "completed_at": None,
        "output": {"title": None, "summary": None, "text": None, "annotations": []},
        "actions": [],
        "check_suite": {"id": 800_001},
        "app": {"id": app.id if app else 15368, "slug": app.slug if app else "github-actions"},
        "pull_requests": [],
    }


def _changed_run(visit: Visit, run: JsonObject, body: JsonObject) -> JsonObject:
    """A check run after *body*; raises 422 if GitHub would not have it so."""
    changed = run | {key: value for key, value in body.items() if key != "output"}
    if body.get("conclusion"):
        changed["status"] = "completed"
    elif body.get("status", "completed") != "completed":
        changed["conclusion"] = changed["completed_at"] = None
    output = body.get("output", {})
    judge_check_run(changed, output)
    if changed["status"] == "completed" and not changed["completed_at"]:
        changed["completed_at"] = visit.hub.now()
    notes = [*run["output"]["annotations"], *output.get("annotations", ())]
    changed["output"] = run["output"] | output | {"annotations": notes}
    return changed
