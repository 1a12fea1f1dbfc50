"""The door: what method, path and headers alone refuse, before any body is received."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from reviewbot.github.delivery import is_delivery_id, is_event, is_signature

if TYPE_CHECKING:
    from collections.abc import Callable

WEBHOOK = "/webhook"
LARGEST_DELIVERY = 25 * 2**20  # bytes: GitHub sends no more
LARGEST_OTHER = 2 * 2**20  # bytes
COMPANION = "/companion/"
LARGEST_COMPANION = 512 * 1024  # bytes
_LONGEST_BEARER = 16 * 1024  # characters
_LENGTH_DIGITS = 12  # Python refuses to read thousands of them


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served: a code for its sender, an id to find it in the logs by."""

    status: HTTPStatus
    code: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])

    @property
    def body(self) -> str:
        """What the sender is told; never the text of an exception."""
        return json.dumps({"error": self.code, "id": self.id})


def refusal(method: str, path: str, header: Callable[[str], str | None]) -> Refusal | None:
    """Why the request's body is not worth receiving, or None."""
    declared = header("Content-Length") or "0"
    if header("Transfer-Encoding") or not declared.isdecimal():
        return Refusal(HTTPStatus.LENGTH_REQUIRED, "length-required")
    delivers = method == "POST" and path == WEBHOOK
    accompanies = path.startswith(COMPANION)
    most = LARGEST_OTHER
    if delivers:
        most = LARGEST_DELIVERY
    elif accompanies:
        most = LARGEST_COMPANION
    if len(declared) > _LENGTH_DIGITS or int(declared) > most:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large")
    if accompanies and bearer(header) is None:
        return Refusal(HTTPStatus.UNAUTHORIZED, "token-missing")
    return _delivery_refusal(header) if delivers else None


def bearer(header: Callable[[str], str | None]) -> str | None:
    """The token of an Authorization header, None where there is none that could be one."""
    scheme, _, token = (header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_BEARER:
        return None
    return token if token.isascii() and token.isprintable() and " " not in token else None


def _delivery_refusal(header: Callable[[str], str | None]) -> Refusal | None:
    if not is_signature(header("X-Hub-Signature-256")):
        return Refusal(HTTPStatus.UNAUTHORIZED, "unsigned")
    if not is_delivery_id(header("X-GitHub-Delivery")):
        return Refusal(HTTPStatus.BAD_REQUEST, "no-delivery-id")
    if not is_event(header("X-GitHub-Event")):
        return Refusal(HTTPStatus.BAD_REQUEST, "no-event")
    return None
