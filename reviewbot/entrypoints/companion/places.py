"""How many requests of sessions are served at the same time."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_OF_ONE = 8  # of one session, side by side


class Places:
    """So many places in this process, and few for each session."""

    def __init__(self, most: int, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    @contextmanager
    def place(self, session: str) -> Iterator[bool]:
        """Whether there is a place; it is given back at the end."""
        is_free = self._take(session)
        try:
            yield is_free
        finally:
            if is_free:
                self._give_back(session)

    def _take(self, session: str) -> bool:
        with self._lock:
            own = self._taken.get(session, 0)
            if sum(self._taken.values()) >= self._most or own >= self._most_of_one:
                return False
            self._taken[session] = own + 1
            return True

    def _give_back(self, session: str) -> None:
        with self._lock:
            self._taken[session] -= 1
            if not self._taken[session]:
                del self._taken[session]
