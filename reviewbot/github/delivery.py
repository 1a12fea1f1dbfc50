"""Webhook deliveries: verified over their raw bytes, then read.

A delivery is a hint. It says which pull request to look at, and nothing else in it is believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.github.comment_events import COMMENT_EVENTS, read_comment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.domain.command import CommandWish

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_EVENT = re.compile(r"[a-z_]{1,64}")
_ACTIONS = frozenset({"opened", "reopened", "synchronize", "ready_for_review"})
_Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]


class BadDelivery(ValueError):
    """A signed delivery that is not what GitHub documents; its text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Ping:
    """GitHub says hello."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do; *why* is for logs and holds no foreign text."""

    why: str


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Repository(_Model):
    id: _Id
    full_name: str = Field(strict=True, pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")


class _PullRequest(_Model):
    number: Annotated[int, Field(strict=True, gt=0, lt=2**31)]


class _Installation(_Model):
    id: _Id


class _Event(_Model):
    """The part of a ``pull_request`` event that is used."""

    action: str = Field(strict=True)
    repository: _Repository
    pull_request: _PullRequest
    installation: _Installation | None = None
    changes: dict[str, Any] = {}

    @property
    def is_work(self) -> bool:
        """Whether it can change what a review would say."""
        return self.action in _ACTIONS or (self.action == "edited" and "base" in self.changes)


@dataclass(frozen=True, slots=True)
class VerifiedDelivery:
    """The raw body of a signed delivery; only `verify_delivery` makes one."""

    body: bytes


def verify_delivery(
    secrets: Iterable[str], signature: str | None, body: bytes
) -> VerifiedDelivery | None:
    """The proof that ``X-Hub-Signature-256`` fits the raw body under one of the secrets, or None.

    Two secrets hold while one replaces the other. An empty secret fits nothing.
    """
    if not is_signature(signature):
        return None
    given = signature.encode()
    # All are tried, so that the time tells nothing about which one fits.
    fits = [hmac.compare_digest(_signed(secret, body), given) for secret in secrets if secret]
    return VerifiedDelivery(body) if any(fits) else None


def is_signature(text: str | None) -> TypeGuard[str]:
    """Whether *text* has the form of a signature, so that its body is worth receiving."""
    return text is not None and _SIGNATURE.fullmatch(text) is not None


def is_delivery_id(text: str | None) -> TypeGuard[str]:
    """Whether *text* can be a delivery's id: GitHub's are GUIDs."""
    return text is not None and _DELIVERY_ID.fullmatch(text) is not None


def is_event(text: str | None) -> TypeGuard[str]:
    """Whether *text* can be an event's name."""
    return text is not None and _EVENT.fullmatch(text) is not None


def _signed(secret: str, body: bytes) -> bytes:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}".encode()


def read_event(event: str, delivery: VerifiedDelivery) -> Wish | CommandWish | Ignored | Ping:
    """What a delivery asks for; raises BadDelivery.

    *event* comes from a header, which is not signed: it only says how to read the body.
    """
    payload = _parsed(delivery.body)
    if event == "ping":
        return Ping()
    if event in COMMENT_EVENTS:
        return _read_comment(event, payload)
    if event != "pull_request":
        return Ignored("only pull requests and comments on them ask for something")
    try:
        read = _Event.model_validate(payload)
    except ValidationError as error:
        raise _undocumented(event, error) from None
    if not read.is_work:
        return Ignored("this action changes nothing that is reviewed")
    return Wish(
        key=PullKey(read.repository.id, read.pull_request.number),
        repository=read.repository.full_name,
        installation_id=read.installation.id if read.installation else 0,
        reason=read.action,
    )


def _read_comment(event: str, payload: object) -> CommandWish | Ignored:
    try:
        command = read_comment(COMMENT_EVENTS[event], payload)
    except ValidationError as error:
        raise _undocumented(event, error) from None
    return command or Ignored("no command by a person in a new comment on a pull request")


def _undocumented(event: str, error: ValidationError) -> BadDelivery:
    where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
    return BadDelivery(f"the {event} event is not as documented: {where or 'its top level'}")


def _parsed(body: bytes) -> object:
    try:
        payload: object = json.loads(body)
    except (ValueError, RecursionError):
        message = "the body is no JSON; set the webhook's content type to application/json"
        raise BadDelivery(message) from None
    return payload
