"""What leaves for a model endpoint with one attempt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

REDACTED = "[redacted: "  # begins each placeholder of a secret


@dataclass(frozen=True, slots=True)
class Egress:
    """A prompt's size and digest; the prompt itself is kept nowhere."""

    bytes: int
    digest: str  # SHA-256 in hexadecimal
    redactions: int  # secrets that were taken out of it

    @classmethod
    def of(cls, *texts: str) -> Egress:
        """Of a prompt's texts, in the order in which they are sent; a NUL parts them."""
        sent = "\0".join(texts).encode(errors="replace")
        redactions = sum(text.count(REDACTED) for text in texts[1:])  # the rules speak of them
        return cls(len(sent), hashlib.sha256(sent).hexdigest(), redactions)
