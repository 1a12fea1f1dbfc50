"""Asks GitHub whom a credential speaks for, and whether that may do what a review needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubClient, JsonObject

# The least that reviews need, and the events that ask for them.
PERMISSIONS: Mapping[str, str] = {"checks": "write", "contents": "read", "pull_requests": "write"}
EVENTS = ("pull_request",)
# Those, and what commands in comments and merge queues need. Buttons and installations say so
# without being subscribed to.
ALL_PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
ALL_EVENTS = ("issue_comment", "merge_group", "pull_request", "pull_request_review_comment")
_RANKS = ("", "read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Lacking:
    """What an App's registration lacks: what reviews need, and what everything else does."""

    necessary: tuple[str, ...]
    further: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """One installation: *lacks* is what its owner has not accepted of what the App asks for."""

    account: str
    lacks: Lacking
    is_suspended: bool


def identify_app(client: GitHubClient) -> str:
    """The App's name, with *client* signed in as the App itself; raises what the client raises."""
    return f"it is {_word(client.get('/app'), 'name')!r}"


def lacking(client: GitHubClient) -> Lacking:
    """What the App's registration lacks; raises what the client raises."""
    return _compared(client.get("/app"), EVENTS, ALL_EVENTS)


def installed(client: GitHubClient) -> list[Installed]:
    """Where the App is installed; raises what the client raises."""
    return [
        Installed(
            _word(each.get("account"), "login"), _compared(each), bool(each.get("suspended_at"))
        )
        for each in client.pages("/app/installations")
    ]


def _compared(there: JsonObject, events: Sequence[str] = (), more: Sequence[str] = ()) -> Lacking:
    """What an App, or one of its installations, lacks."""
    necessary = _lacking(there, PERMISSIONS, events)
    everything = _lacking(there, ALL_PERMISSIONS, more)
    further = tuple(each for each in everything if each not in necessary)
    return Lacking(tuple(necessary), further)


def may_create_labels(client: GitHubClient) -> bool:
    """Whether the App's registration has the right for it; raises what the client raises."""
    return not _lacking(client.get("/app"), {"issues": "write"}, ())


def identify_token(client: GitHubClient) -> str:
    """Whose token it is, where GitHub tells; raises what the client raises."""
    try:
        return f"it is {_word(client.get('/user'), 'login')!r}"
    except Forbidden:
        # The token of a workflow's job is nobody's.
        client.get("/rate_limit")
        return "it is accepted; GitHub does not tell whose it is"


def _lacking(app: JsonObject, permissions: Mapping[str, str], wanted: Sequence[str]) -> list[str]:
    granted, events = app.get("permissions"), app.get("events")
    found: list[str] = []
    if isinstance(granted, Mapping):
        found += [
            f"{name}: {level}"
            for name, level in permissions.items()
            if _rank(granted.get(name)) < _RANKS.index(level)
        ]
    if isinstance(events, list):
        found += [f"the event {name}" for name in wanted if name not in events]
    return found


def _rank(level: object) -> int:
    return _RANKS.index(level) if level in _RANKS else 0


def _word(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, Mapping) else None
    return value if isinstance(value, str) else "unnamed"
