"""How long to wait after an attempt that did not work out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from attempt to attempt; in seconds."""

    first: float
    longest: float

    def after(self, attempt: int) -> float:
        """Seconds to wait after *attempt*, which is 1 for the first."""
        return float(min(self.first * 2 ** (attempt - 1), self.longest))
