"""What this server lets browsers keep: encrypted and signed with the ledger's own secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Seal:
    """Seals values for one purpose; what was sealed for another one does not open.

    Every process on the same ledger opens what another one sealed.
    """

    def __init__(
        self, secret: bytes, purpose: str, seconds: int, now: Callable[[], float] = time.time
    ) -> None:
        key = hmac.digest(secret, f"dashboard:{purpose}".encode(), hashlib.sha256)
        self.seconds = seconds
        self._fernet, self._now = Fernet(base64.urlsafe_b64encode(key)), now

    def close(self, values: Mapping[str, Any]) -> str:
        """The sealed text, which opens for so many seconds."""
        return self._fernet.encrypt_at_time(
            json.dumps(dict(values)).encode(), int(self._now())
        ).decode()

    def open(self, text: str | None) -> dict[str, Any] | None:
        """What was sealed; None for what is forged, too old, or nothing."""
        try:
            raw = self._fernet.decrypt_at_time(text or "", self.seconds, int(self._now()))
        except (InvalidToken, ValueError):  # what is no token, and what is no ASCII
            return None
        values: dict[str, Any] = json.loads(raw)
        return values


def proof(secret: bytes, purpose: str, of: str) -> str:
    """What only this server can say of a text: forms carry it against forgery."""
    return hmac.new(secret, f"dashboard:{purpose}:{of}".encode(), hashlib.sha256).hexdigest()


def matches(given: str | None, expected: str) -> bool:
    """Whether two texts are the same, in a time that tells nothing."""
    return hmac.compare_digest((given or "").encode(), expected.encode())
