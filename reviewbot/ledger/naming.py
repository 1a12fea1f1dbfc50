"""Names of rows that sort as the rows were made."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Moments:
    """Nanoseconds since 1970, each later than the last, even where the clock is set back."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now, self._last = now, 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Now, or what is left of it."""
        with self._lock:
            self._last = max(self._now(), self._last + 1)
            return self._last


_MOMENTS = Moments(time.time_ns)  # of this process


def new_id() -> str:
    """A name nobody else gives: 32 hexadecimal digits, the nanoseconds since 1970 first.

    Many calls are reserved within one millisecond; what sorts them by time and then by id keeps
    them in order all the same. UUIDs of version 7 (RFC 9562) promise it by the millisecond only.
    """
    return f"{_MOMENTS.next():016x}{secrets.token_hex(8)}"
