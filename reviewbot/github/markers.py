"""Hidden marks in what reviewbot writes, so that it knows its own words again."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = re.compile(r"<!-- reviewbot:([a-z]{1,16}(?::[\w.~%-]{1,200}){0,8}):([0-9a-f]{64}) -->")
_SCANNED = 262_144  # characters of a body; GitHub stores no more
_MOST = 100  # marks in one body


@dataclass(frozen=True, slots=True)
class Mark:
    """What a genuine mark says."""

    kind: str
    parts: tuple[str, ...]


class Marker:
    """Seals marks with an HMAC and opens what it sealed; *secret* never leaves the server."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, kind: str, *parts: object) -> str:
        """An HTML comment, which nobody sees and only this server can make."""
        return f"<!-- reviewbot:{self.token(kind, *parts)} -->"

    def token(self, kind: str, *parts: object) -> str:
        """The same without the comment around it, for fields of their own."""
        payload = ":".join([kind, *(quote(str(part), safe="") for part in parts)])
        return f"{payload}:{self._digest(payload)}"

    def open(self, text: str) -> Iterator[Mark]:
        """The genuine marks in *text*."""
        for count, match in enumerate(_MARK.finditer(text[:_SCANNED])):
            if count == _MOST:
                return
            payload, digest = match.groups()
            if hmac.compare_digest(self._digest(payload), digest):
                kind, *parts = payload.split(":")
                yield Mark(kind, tuple(map(unquote, parts)))

    def open_token(self, text: str) -> Mark | None:
        """What a genuine token says; None for everything else."""
        return next(self.open(f"<!-- reviewbot:{text} -->"), None)

    def _digest(self, payload: str) -> str:
        return hmac.new(self._secret, f"mark:{payload}".encode(), hashlib.sha256).hexdigest()
