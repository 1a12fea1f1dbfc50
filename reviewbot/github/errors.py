"""Translates GitHub's refusals into reviewbot's errors."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from reviewbot.domain.errors import (
    Forbidden,
    ForgeError,
    ForgeUnavailable,
    NotFound,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_REDIRECTS = range(300, 400)
_LONGEST_WAIT = 3_600.0  # seconds
_SECONDARY_WAIT = 60.0  # seconds; what GitHub asks for where it names no time
_SHOWN = 300  # characters of GitHub's own words


class Rejected(ForgeError):
    """GitHub understood and said no (422 and other refusals of the request itself)."""


class TooLarge(ForgeError):
    """The answer is larger than GitHub gives, or than is taken."""


_KINDS: Mapping[int, tuple[type[ForgeError], str]] = {
    401: (Forbidden, "The token is wrong or has expired; set a valid one."),
    403: (Forbidden, "Give the token the right to this repository that the request needs."),
    404: (NotFound, "Check the name, and that the token may read it."),
    406: (TooLarge, ""),
}


def refusal(what: str, status: int, headers: Mapping[str, str], body: bytes) -> ForgeError:
    """The error for a status that is no success; *what* is the method and path."""
    said = _said(body)
    if status in {403, 429} and (seconds := _wait(status, headers, said)) is not None:
        message = f"{what}: GitHub's rate limit is reached, it asks to wait {seconds:.0f} s"
        return RateLimited(message, seconds, "Wait; a GitHub App has a higher limit.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ForgeUnavailable(f"{what}: GitHub answered {status}", "Try again later.")
    message = f"{what}: GitHub answered {status}{said and f' ({said})'}"
    kind, advice = _KINDS.get(status, (Rejected, ""))
    if status in _REDIRECTS:
        kind, advice = NotFound, "It was moved, perhaps renamed; use its new name."
    return kind(message, advice)


def _wait(status: int, headers: Mapping[str, str], said: str) -> float | None:
    """How long GitHub asks to wait; None where this is no rate limit."""
    if (after := _number(headers.get("retry-after"))) is not None:
        return min(after, _LONGEST_WAIT)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = _number(headers.get("x-ratelimit-reset"))
        if reset is None:
            return _SECONDARY_WAIT
        return min(max(reset - time.time(), 1.0), _LONGEST_WAIT)
    limited = status != HTTPStatus.FORBIDDEN or "rate limit" in said.casefold()
    return _SECONDARY_WAIT if limited else None


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _said(body: bytes) -> str:
    """GitHub's message and errors in one line."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    parts = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    words = (part.get("message") if isinstance(part, dict) else part for part in parts)
    text = "; ".join(word for word in words if isinstance(word, str))
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:_SHOWN]
