"""Time, as the router needs it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Clock:
    """The hour (in UTC), seconds that only rise, and waiting."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    @classmethod
    def real(cls) -> Clock:
        """The machine's own."""
        return cls(lambda: datetime.now(UTC), time.monotonic, time.sleep)
