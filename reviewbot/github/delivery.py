"""Webhook deliveries: verified over their raw bytes, then read.

A delivery is a hint. It says which pull request to look at, and nothing else in it is believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.pull_request import PullKey, Wish

_PREFIX = "sha256="
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


def verify_delivery(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether ``X-Hub-Signature-256`` fits the raw body; an empty secret fits nothing."""
    if not secret or not signature or not signature.startswith(_PREFIX):
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = signature.removeprefix(_PREFIX)
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def read_event(event: str, body: bytes) -> Wish | Ignored | Ping:
    """What a verified delivery asks for; raises BadDelivery."""
    payload = _parsed(body)
    if event == "ping":
        return Ping()
    if event != "pull_request":
        return Ignored("only pull_request events ask for reviews")
    try:
        read = _Event.model_validate(payload)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        message = f"the pull_request event is not as documented: {where or 'its top level'}"
        raise BadDelivery(message) from None
    if not read.is_work:
        return Ignored("this action changes nothing that is reviewed")
    return Wish(
        key=PullKey(read.repository.id, read.pull_request.number),
        repository=read.repository.full_name,
        installation_id=read.installation.id if read.installation else 0,
        reason=read.action,
    )


def _parsed(body: bytes) -> object:
    try:
        payload: object = json.loads(body)
    except (ValueError, RecursionError):
        message = "the body is no JSON; set the webhook's content type to application/json"
        raise BadDelivery(message) from None
    return payload
