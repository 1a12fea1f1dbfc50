"""The check run of a head commit, one for each round of reviewing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import Forbidden, NotFound
from reviewbot.domain.finding import Severity
from reviewbot.github.errors import Rejected
from reviewbot.github.once import Write, url_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.domain.posting import Intent, Postbook
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker
    from reviewbot.github.once import Once
    from reviewbot.review.ports import Annotation, Check

NAME = "reviewbot"
REVIEW_AGAIN = "review-again"  # what a press of the button is called in its event
_LONGEST_LABEL = 20  # characters of a button
_LONGEST_DESCRIPTION = 40
_BATCH = 50  # annotations in one request; GitHub appends those of later ones
_LONGEST_TITLE = 255  # characters
_LONGEST_TEXT = 65_000  # characters
_LONGEST_MESSAGE = 16_000  # characters, within 64 KiB whatever they are
_LEVELS = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "failure",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


class Checks:
    """Begins and ends check runs.

    A credential without the right to write them, such as a plain token, costs the check run
    and nothing else. A run's record has an address once the run has ended.
    """

    def __init__(
        self, client: GitHubClient, postbook: Postbook, marker: Marker, once: Once
    ) -> None:
        self._client, self._postbook = client, postbook
        self._marker, self._once = marker, once
        self._denied = False

    def begin(self, pull: PullRequest, says: str) -> None:
        """Show a run in progress: the one that a crash left behind, or a new one that says so."""
        if self._denied:
            return
        try:
            if self._run(pull, says).url:
                self._postbook.forget(_key(pull))
                self._run(pull, says)
        except (Forbidden, NotFound):
            self._denied = True

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the run; one that has ended already only gets the new words."""
        if self._denied:
            return
        try:
            run = self._run(pull)
            path = f"/repos/{pull.repository}/check-runs/{run.external_id}"
            ended = self._end(path, check, () if run.url else check.annotations)
        except (Forbidden, NotFound):
            self._denied = True
            return
        self._postbook.done(_key(pull), run.external_id, url_of(ended) or path)

    def _run(self, pull: PullRequest, says: str = "") -> Intent:
        seal = self._marker.token("check", pull.key.repository_id, pull.key.number)
        body: dict[str, Any] = {
            "name": NAME,
            "head_sha": pull.head_sha,
            "status": "in_progress",
            "external_id": seal,
        }
        if says:
            body["output"] = {"title": says[:_LONGEST_TITLE], "summary": says}

        def post() -> JsonObject:
            run = self._client.post(f"/repos/{pull.repository}/check-runs", body)
            return {"id": run.get("id", "")}

        def find() -> JsonObject | None:
            path = f"/repos/{pull.repository}/commits/{pull.head_sha}/check-runs"
            for run in self._client.pages(path, {"check_name": NAME}, within="check_runs"):
                if run.get("external_id") == seal and run.get("status") != "completed":
                    return {"id": run.get("id", "")}
            return None

        return self._once(Write(_key(pull), post, find))

    def _end(self, path: str, check: Check, annotations: Sequence[Annotation]) -> JsonObject:
        """Send the annotations in batches; the conclusion comes with the last."""
        try:
            for start in range(0, len(annotations) - _BATCH, _BATCH):
                batch = annotations[start : start + _BATCH]
                self._client.patch(path, {"output": _output(check, batch)})
            rest = annotations[(len(annotations) - 1) // _BATCH * _BATCH :] if annotations else ()
            return self._client.patch(path, _ending(check, rest))
        except Rejected:
            if not annotations:
                raise
            return self._client.patch(path, _ending(check, ()))


def _key(pull: PullRequest) -> str:
    return f"check:{pull.key}:{pull.head_sha}"


def _ending(check: Check, annotations: Sequence[Annotation]) -> Mapping[str, Any]:
    return {
        "status": "completed",
        "conclusion": check.conclusion.value,
        "actions": [_button(check)],
        "output": _output(check, annotations),
    }


def _button(check: Check) -> Mapping[str, str]:
    say = check.say
    return {
        "label": say("Review again")[:_LONGEST_LABEL],
        "description": say("Look at this pull request again")[:_LONGEST_DESCRIPTION],
        "identifier": REVIEW_AGAIN,
    }


def _output(check: Check, annotations: Sequence[Annotation]) -> Mapping[str, Any]:
    output: dict[str, Any] = {
        "title": check.title[:_LONGEST_TITLE],
        "summary": check.summary[:_LONGEST_TEXT],
    }
    if annotations:
        output["annotations"] = [_annotation(each) for each in annotations]
    return output


def _annotation(annotation: Annotation) -> Mapping[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": _LEVELS[annotation.severity],
        "title": annotation.title[:_LONGEST_TITLE],
        "message": annotation.message[:_LONGEST_MESSAGE],
    }
