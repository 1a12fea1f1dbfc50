"""Reads verified deliveries into typed events, one reader for each kind.

A delivery is a hint. It says what to look at, and nothing else in it is believed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from reviewbot.domain.command import CommandWish
from reviewbot.domain.extras import WORDS
from reviewbot.domain.pull_request import RETITLED, PullKey, Wish
from reviewbot.github.checks import NAME, REVIEW_AGAIN
from reviewbot.github.comment_events import COMMENT_EVENTS, read_comment
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.command import Place
    from reviewbot.github.delivery import VerifiedDelivery

_WISHES = frozenset(
    {
        *("opened", "reopened", "synchronize", "ready_for_review"),
        *("labeled", "unlabeled", "converted_to_draft"),
    }
)
_QUEUE_REF = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-([1-9]\d{0,8})-[0-9a-f]{40,64}")
_MOST_SEAL = 300  # characters
_MOST_REPOSITORIES = 10_000  # of one event
_Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]
_Sha = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{40,64}$")]


class BadDelivery(ValueError):
    """A signed delivery that is not what GitHub documents; its text quotes nothing of it."""


# --- what events say -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ping:
    """GitHub says hello."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do; *why* is for logs and holds no foreign text."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a kind that nobody here reads."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A pull request was closed: work on it that waits or is under way has no point any more."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class RunRerequested:
    """Somebody asks for a check run again; only *seal* can say that it is ours, and of what."""

    repository_id: int
    repository: str
    installation_id: int
    head_sha: str
    seal: str
    sender: str


@dataclass(frozen=True, slots=True)
class SuiteRerequested:
    """Somebody asks for all checks of a commit again, or for one that no seal tells apart."""

    repository_id: int
    repository: str
    installation_id: int
    head_sha: str
    sender: str


@dataclass(frozen=True, slots=True)
class GroupRequested:
    """A merge queue asks for the checks of the commit that would merge a pull request."""

    key: PullKey
    repository: str
    installation_id: int
    head_sha: str


class Standing(StrEnum):
    """Whether an installation, or a repository in it, may be worked for."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """An installation came, went, or was suspended; *at* is GitHub's time, 0 if it says none."""

    installation_id: int
    standing: Standing
    at: int  # milliseconds since 1970


@dataclass(frozen=True, slots=True)
class RepositoriesChanged:
    """Repositories came to an installation or left it."""

    installation_id: int
    added: tuple[int, ...]
    removed: tuple[int, ...]
    at: int


Work = Wish | CommandWish | Closed | RunRerequested | SuiteRerequested | GroupRequested
Event = Work | InstallationChanged | RepositoriesChanged | Ping | Ignored | Unknown


# --- the parts of payloads that are used -----------------------------------------------------


class _Repository(Payload):
    id: _Id
    full_name: str = Field(strict=True, pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")


class _PullRequest(Payload):
    number: Annotated[int, Field(strict=True, gt=0, lt=2**31)]


class _Installation(Payload):
    id: _Id
    updated_at: Any = None

    @property
    def at(self) -> int:
        """When it last changed, in milliseconds; GitHub's own examples have several formats."""
        if isinstance(self.updated_at, str):
            try:
                return int(datetime.fromisoformat(self.updated_at).timestamp() * 1000)
            except (ValueError, OverflowError):
                return 0
        return 0


class _Sender(Payload):
    login: str = Field(strict=True, max_length=100, pattern=r"^[A-Za-z0-9_-]+(\[bot\])?$")


class _Action(Payload):
    action: str = Field(strict=True)


class _InRepository(_Action):
    repository: _Repository
    installation: _Installation | None = None

    @property
    def installation_id(self) -> int:
        """0 outside of an App."""
        return self.installation.id if self.installation else 0


class _PullEvent(_InRepository):
    pull_request: _PullRequest
    changes: dict[str, Any] = Field(default_factory=dict)
    sender: dict[str, Any] = Field(default_factory=dict)
    label: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_our_label(self) -> bool:
        """Whether a bot labelled it as reviews do: that asks for no further review."""
        ours = str(self.label.get("name", "")).casefold().endswith(WORDS)
        labelled = self.action in {"labeled", "unlabeled"}
        return labelled and ours and self.sender.get("type") == "Bot"


class _Run(Payload):
    name: str | None = None
    head_sha: _Sha | None = None
    external_id: str | None = None


class _Pressed(Payload):
    identifier: str = ""


class _RunEvent(_InRepository):
    check_run: _Run
    requested_action: _Pressed | None = None
    sender: _Sender


class _Suite(Payload):
    head_sha: _Sha


class _SuiteEvent(_InRepository):
    check_suite: _Suite
    sender: _Sender


class _Group(Payload):
    head_sha: _Sha
    head_ref: str = Field(strict=True, max_length=1000)


class _GroupEvent(_InRepository):
    merge_group: _Group


class _InstallationEvent(_Action):
    installation: _Installation


class _Listed(Payload):
    id: _Id


class _RepositoriesEvent(_InstallationEvent):
    repositories_added: Annotated[tuple[_Listed, ...], Field(max_length=_MOST_REPOSITORIES)] = ()
    repositories_removed: Annotated[tuple[_Listed, ...], Field(max_length=_MOST_REPOSITORIES)] = ()


_M = TypeVar("_M", bound=Payload)


# --- readers ---------------------------------------------------------------------------------


def read_event(event: str, delivery: VerifiedDelivery) -> Event:
    """What a delivery asks for; raises BadDelivery.

    *event* comes from a header, which is not signed: it only says how to read the body.
    """
    payload = _parsed(delivery.body)
    reader = _READERS.get(event)
    if reader is None:
        return Unknown()
    try:
        return reader(payload)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        message = f"the {event} event is not as documented: {where or 'its top level'}"
        raise BadDelivery(message) from None


def _parsed(body: bytes) -> object:
    try:
        payload: object = json.loads(body)
    except (ValueError, RecursionError):
        message = "the body is no JSON; set the webhook's content type to application/json"
        raise BadDelivery(message) from None
    return payload


def _asked(payload: object, model: type[_M], *actions: str) -> _M | None:
    """The payload as *model* where its action is one of these; others may have any shape."""
    if _Action.model_validate(payload).action not in actions:
        return None
    return model.model_validate(payload)


def _pull_request(payload: object) -> Event:
    read = _PullEvent.model_validate(payload)
    edited = {"base", "title"} & read.changes.keys() if read.action == "edited" else set()
    wish = Wish(
        key=PullKey(read.repository.id, read.pull_request.number),
        repository=read.repository.full_name,
        installation_id=read.installation_id,
        reason=RETITLED if edited == {"title"} else read.action,
    )
    if read.action == "closed":
        return Closed(wish)
    if read.is_our_label:
        return Ignored("a review labelled its pull request")
    if read.action in _WISHES or edited:
        return wish
    return Ignored("this action changes nothing that is reviewed")


def _comment(place: Place, payload: object) -> Event:
    command = read_comment(place, payload)
    return command or Ignored("no command by a person in a new comment on a pull request")


def _check_run(payload: object) -> Event:
    read = _asked(payload, _RunEvent, "rerequested", "requested_action")
    if read is None:
        return Ignored("nobody asks for the check run again")
    pressed = read.requested_action.identifier if read.requested_action else ""
    if read.action == "requested_action" and pressed != REVIEW_AGAIN:
        return Ignored("the button is not ours")
    seal = read.check_run.external_id or ""
    if not seal and read.check_run.name == NAME and read.check_run.head_sha:
        return _again(read, read.check_run.head_sha, read.sender.login)
    if len(seal) > _MOST_SEAL:
        return Ignored("the check run is not ours")
    return RunRerequested(
        repository_id=read.repository.id,
        repository=read.repository.full_name,
        installation_id=read.installation_id,
        head_sha=read.check_run.head_sha or "",
        seal=seal,
        sender=read.sender.login,
    )


def _check_suite(payload: object) -> Event:
    read = _asked(payload, _SuiteEvent, "rerequested")
    if read is None:
        return Ignored("nobody asks for the checks again")
    return _again(read, read.check_suite.head_sha, read.sender.login)


def _again(read: _InRepository, head_sha: str, sender: str) -> SuiteRerequested:
    there = read.repository
    return SuiteRerequested(there.id, there.full_name, read.installation_id, head_sha, sender)


def _merge_group(payload: object) -> Event:
    read = _asked(payload, _GroupEvent, "checks_requested")
    if read is None:
        return Ignored("the merge queue asks for nothing")
    named = _QUEUE_REF.fullmatch(read.merge_group.head_ref)
    if named is None:
        return Ignored("the merge group names no pull request")
    return GroupRequested(
        key=PullKey(read.repository.id, int(named[1])),
        repository=read.repository.full_name,
        installation_id=read.installation_id,
        head_sha=read.merge_group.head_sha,
    )


_STANDINGS = {
    "created": Standing.ACTIVE,
    "unsuspend": Standing.ACTIVE,
    "suspend": Standing.SUSPENDED,
    "deleted": Standing.REMOVED,
}


def _installation(payload: object) -> Event:
    read = _asked(payload, _InstallationEvent, *_STANDINGS)
    if read is None:
        return Ignored("this action changes nothing about who is worked for")
    there = read.installation
    return InstallationChanged(there.id, _STANDINGS[read.action], there.at)


def _installation_repositories(payload: object) -> Event:
    read = _asked(payload, _RepositoriesEvent, "added", "removed")
    if read is None:
        return Ignored("this action changes nothing about who is worked for")
    return RepositoriesChanged(
        installation_id=read.installation.id,
        added=tuple(each.id for each in read.repositories_added),
        removed=tuple(each.id for each in read.repositories_removed),
        at=read.installation.at,
    )


def _ping(_payload: object) -> Event:
    return Ping()


_READERS: dict[str, Callable[[object], Event]] = {
    "pull_request": _pull_request,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "merge_group": _merge_group,
    **{event: partial(_comment, place) for event, place in COMMENT_EVENTS.items()},
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "ping": _ping,
}
