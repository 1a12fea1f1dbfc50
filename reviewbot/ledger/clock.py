"""The ledger's clock: what a test can turn."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Clock:
    """*seconds* since 1970 (UTC), and a way to wait for an event, at most so many seconds."""

    seconds: Callable[[], float] = time.time
    pause: Callable[[threading.Event, float], object] = threading.Event.wait

    def milliseconds(self, later: float = 0.0) -> int:
        """Now, and *later* seconds more."""
        return int((self.seconds() + later) * 1000)

    def today(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)


def at_utc(milliseconds: int) -> datetime:
    """A time in milliseconds since 1970, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
