"""Calls functions when their time has come, all from one thread.

A thread for each request would cost every request the time until it has started, which on a busy
machine is longer than what it is there to watch.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Alarm:
    """Something that is to be done, unless it is cancelled before."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act: Callable[[], object] | None = act

    def cancel(self) -> None:
        """Let it be; what it held on to is free."""
        self._act = None

    def pass_(self) -> None:
        """Do it."""
        if (act := self._act) is not None:
            act()


class Deadlines:
    """Waits for the next of many deadlines; what they do has to be quick and raise nothing."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, act: Callable[[], object]) -> Alarm:
        """Have *act* called in so many seconds."""
        alarm = Alarm(act)
        entry = (time.monotonic() + seconds, next(self._numbers), alarm)
        with self._changed:
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()
        return alarm

    def _watch(self) -> None:
        while True:
            self._next().pass_()

    def _next(self) -> Alarm:
        """The next alarm, when its time has come."""
        with self._changed:
            while True:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(left)


DEADLINES = Deadlines()  # of this process
