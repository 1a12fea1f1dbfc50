"""Asks GitHub whom a credential speaks for, and whether that may do what a review needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubClient, JsonObject

# The least that reviews need, and the events that ask for them.
PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "read",  # without it GitHub sends no issue_comment events
    "pull_requests": "write",
}
EVENTS = ("pull_request", "issue_comment", "pull_request_review_comment")
_RANKS = ("", "read", "write", "admin")


def identify_app(client: GitHubClient) -> str:
    """The App's name, with *client* signed in as the App itself.

    Raises Forbidden naming what the registration lacks, and what the client raises.
    """
    app = client.get("/app")
    name = _word(app, "name")
    if lacking := _lacking(app):
        message = f"the App {name!r} lacks {', '.join(lacking)}"
        advice = "Add it under the App's settings, Permissions & events; owners then accept it."
        raise Forbidden(message, advice)
    return f"it is {name!r}, with the permissions and events that reviews need"


def identify_token(client: GitHubClient) -> str:
    """Whose token it is, where GitHub tells; raises what the client raises."""
    try:
        return f"it is {_word(client.get('/user'), 'login')!r}"
    except Forbidden:
        # The token of a workflow's job is nobody's.
        client.get("/rate_limit")
        return "it is accepted; GitHub does not tell whose it is"


def _lacking(app: JsonObject) -> list[str]:
    granted, events = app.get("permissions"), app.get("events")
    lacking: list[str] = []
    if isinstance(granted, Mapping):
        lacking += [
            f"{name}: {level}"
            for name, level in PERMISSIONS.items()
            if _rank(granted.get(name)) < _RANKS.index(level)
        ]
    if isinstance(events, list):
        lacking += [f"the event {name}" for name in EVENTS if name not in events]
    return lacking


def _rank(level: object) -> int:
    return _RANKS.index(level) if level in _RANKS else 0


def _word(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, Mapping) else None
    return value if isinstance(value, str) else "unnamed"
