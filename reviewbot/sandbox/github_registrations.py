"""Apps on their way from a manifest to their key."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

CODE_SECONDS = 3600


@dataclass
class Registrations:
    """Manifests that wait for a press of the button, and codes that wait to be converted."""

    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)

    def wait(self, manifest: dict[str, Any], state: str) -> str:
        """Keep a manifest until its owner presses the button; returns the page's own ticket."""
        ticket = secrets.token_hex(8)
        self.waiting[ticket] = {"manifest": manifest, "state": state}
        return ticket

    def create(self, ticket: str, now: float) -> tuple[dict[str, Any], str, str] | None:
        """The manifest of a ticket, its state, and a code that holds once and for an hour."""
        kept = self.waiting.pop(ticket, None)
        if kept is None:
            return None
        code = secrets.token_hex(20)
        self.codes[code] = (kept["manifest"], now + CODE_SECONDS)
        return kept["manifest"], kept["state"], code

    def convert(self, code: str, now: float) -> dict[str, Any] | None:
        """The manifest of a code, the first time within the hour."""
        manifest, ends = self.codes.pop(code, (None, 0.0))
        return manifest if now < ends else None
