"""Writes to GitHub, as they are remembered before they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Knowledge(Enum):
    """What is known of a write that has a key."""

    FRESH = "fresh"  # never tried; the intent is recorded now
    DONE = "done"
    UNKNOWN = "unknown"  # tried before, and nobody learned how it ended


@dataclass(frozen=True, slots=True)
class Intent:
    """The record of a write; *external_id* and *url* are empty unless it is done."""

    knowledge: Knowledge
    external_id: str = ""
    url: str = ""


class Postbook(Protocol):
    """Remembers every write to GitHub before it is sent."""

    def intend(self, key: str) -> Intent:
        """Record the intent in a commit of its own; what was known before decides the answer."""

    def done(self, key: str, external_id: str, url: str) -> None:
        """Record that the write stands."""

    def forget(self, key: str) -> None:
        """Record that the write was refused: nothing stands."""
