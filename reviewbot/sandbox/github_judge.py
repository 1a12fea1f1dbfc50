"""Judges a review and a check run as GitHub does once their JSON has the right shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.github_diff import DiffEntry, DiffHunk, find_hunk
from reviewbot.sandbox.github_errors import Refused, invalid, unprocessable
from reviewbot.sandbox.github_schema import BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.sandbox.github_store import JsonObject, PullState

_TOO_LONG = f"Body is too long (maximum is {BODY_LIMIT} characters)"


def judge_review(body: JsonObject, state: PullState, login: str) -> Mapping[str, DiffEntry]:
    """The diff that a review's comments stand on; raises 422 unless all of them do."""
    commit = body.get("commit_id", state.pull.head_sha)
    entries = state.heads.get(commit)
    if entries is None:
        unprocessable("The commit_id is not part of the pull request")
    comments = body.get("comments", [])
    _judge_summary(body, state, login)
    for comment in comments:
        _judge_text(comment["body"])
        judge_anchor(comment, entries)
    return entries


def _judge_summary(body: JsonObject, state: PullState, login: str) -> None:
    event, text = body.get("event", ""), body.get("body", "")
    needs_text = event == "REQUEST_CHANGES" or (event == "COMMENT" and not body.get("comments"))
    if needs_text and not text.strip():
        unprocessable("Body can't be blank")
    if len(text) > BODY_LIMIT:
        unprocessable(_TOO_LONG)
    if event in ("APPROVE", "REQUEST_CHANGES") and login == state.pull.author_login:
        verb = event.replace("_", " ").lower()
        unprocessable(f"Can not {verb} your own pull request")
    pending = (r for r in state.reviews if r["state"] == "PENDING" and r["user"]["login"] == login)
    if any(pending):
        unprocessable("User can only have one pending review per pull request")


def _judge_text(text: str) -> None:
    if not text.strip():
        unprocessable("Body can't be blank")
    if len(text) > BODY_LIMIT:
        unprocessable(_TOO_LONG)


def judge_anchor(comment: JsonObject, entries: Mapping[str, DiffEntry]) -> None:
    """Raise 422 unless a comment's path, lines and sides lie in one hunk."""
    entry = entries.get(comment["path"])
    if entry is None:
        unprocessable("Path could not be resolved")
    if "position" in comment and "line" not in comment:
        unprocessable("Position is closing down: the sandbox takes only line and side")
    line, side = comment.get("line", 0), comment.get("side", "RIGHT")
    hunk = find_hunk(entry, side, line)
    if hunk is None:
        unprocessable("Line could not be resolved")
    if "start_line" in comment:
        _judge_start(comment, side, hunk, hunk.places[side][line])
    elif "start_side" in comment:
        unprocessable("Start side needs a start line")


def _judge_start(comment: JsonObject, side: str, hunk: DiffHunk, last: int) -> None:
    start, start_side = comment["start_line"], comment.get("start_side", side)
    if start_side == side and start >= comment["line"]:
        unprocessable("Start line must precede the end line")
    first = hunk.places[start_side].get(start)
    if first is None:
        unprocessable("Line could not be resolved")
    if first >= last:
        unprocessable("Start line must precede the end line")


def judge_comment(text: str) -> None:
    """Raise 422 unless GitHub would store this as a comment on an issue."""
    if not text.strip():
        invalid("IssueComment", "body", "custom", "body cannot be blank")
    if len(text) > BODY_LIMIT:
        invalid("IssueComment", "data", "unprocessable", _TOO_LONG)


def judge_check_run(run: Mapping[str, Any], output: Mapping[str, Any]) -> None:
    """Raise 422 unless a check run, as it would be after the request, makes sense."""
    if run["status"] == "completed" and not run["conclusion"]:
        raise Refused(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    for note in output.get("annotations", ()):
        _judge_annotation(note)


def _judge_annotation(note: Mapping[str, Any]) -> None:
    if not 1 <= note["start_line"] <= note["end_line"]:
        invalid("CheckAnnotation", "end_line", "custom", "end_line must follow start_line")
    columns = "start_column" in note or "end_column" in note
    if columns and note["start_line"] != note["end_line"]:
        invalid("CheckAnnotation", "start_column", "custom", "columns need a single line")
    if not note["message"].strip() or not note["path"]:
        invalid("CheckAnnotation", "message", "missing_field")
