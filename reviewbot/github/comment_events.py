"""Reads commands out of the events about comments on pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from reviewbot.domain.command import CommandWish, Place, Sender
from reviewbot.domain.pull_request import PullKey
from reviewbot.github.commands import find_command
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Mapping

_Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]
_Number = Annotated[int, Field(strict=True, gt=0, lt=2**31)]


class _Repository(Payload):
    id: _Id
    full_name: str = Field(strict=True, pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")


class _User(Payload):
    id: _Id
    login: str = Field(strict=True, pattern=r"^[A-Za-z0-9_.-]{1,100}(\[bot\])?$")
    type: str = Field(strict=True)


class _Comment(Payload):
    id: _Id
    body: str | None = None
    user: _User | None = None
    in_reply_to_id: _Id | None = None
    performed_via_github_app: Any = None

    @property
    def is_a_persons(self) -> bool:
        """Whether a person wrote it by hand: not a bot, nor an App on somebody's behalf."""
        by_hand = self.performed_via_github_app is None
        return by_hand and self.user is not None and self.user.type == "User"


class _Issue(Payload):
    number: _Number
    pull_request: Any = None  # there for pull requests alone


class _PullRequest(Payload):
    number: _Number


class _Installation(Payload):
    id: _Id


class _Event(Payload):
    action: str = Field(strict=True)
    repository: _Repository
    comment: _Comment
    installation: _Installation | None = None


class _Below(_Event):
    """The part of an ``issue_comment`` event that is used."""

    issue: _Issue


class _OnLine(_Event):
    """The part of a ``pull_request_review_comment`` event that is used."""

    pull_request: _PullRequest


COMMENT_EVENTS: Mapping[str, Place] = {
    "issue_comment": Place.BELOW,
    "pull_request_review_comment": Place.LINE,
}


def read_comment(place: Place, payload: object) -> CommandWish | None:
    """The command in a new comment on a pull request; raises pydantic's ValidationError."""
    if place is Place.BELOW:
        below = _Below.model_validate(payload)
        return _wish(below, place, below.issue.number) if below.issue.pull_request else None
    on_line = _OnLine.model_validate(payload)
    return _wish(on_line, place, on_line.pull_request.number)


def _wish(event: _Event, place: Place, number: int) -> CommandWish | None:
    comment, user = event.comment, event.comment.user
    if event.action != "created" or user is None or not comment.is_a_persons:
        return None
    said = find_command(comment.body or "")
    if said is None:
        return None
    return CommandWish(
        key=PullKey(event.repository.id, number),
        repository=event.repository.full_name,
        installation_id=event.installation.id if event.installation else 0,
        place=place,
        comment_id=comment.id,
        thread=(comment.in_reply_to_id or comment.id) if place is Place.LINE else 0,
        sender=Sender(user.id, user.login),
        said=said,
    )
