"""Lets refused calls wait in order, scope by scope, without each of them asking the database.

Only the first of a lane looks at the counters: as soon as a call of its scope ends in this
process, or after a growing pause, for calls that end in others. Who comes later queues up
behind it, so a large call is not starved by small ones.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviewbot.ledger.clock import Clock
    from reviewbot.ledger.scopes import Scope

_FIRST_PAUSE = 0.05  # seconds
_LONGEST_PAUSE = 2.0  # seconds


class Place:
    """A place in a lane."""

    def __init__(self, lane: deque[Place], clock: Clock) -> None:
        self._lane, self._clock = lane, clock
        self.bell = threading.Event()
        self._pause = _FIRST_PAUSE

    def wait_for_turn(self, deadline: float) -> bool:
        """Wait to be the first; False if time is over before."""
        while self._lane[0] is not self:
            left = deadline - self._clock.seconds()
            if left <= 0:
                return False
            self._clock.pause(self.bell, left)
            self.bell.clear()
        return True

    def pause(self, deadline: float) -> None:
        """Wait until something shrank, or for a while that grows from time to time."""
        left = deadline - self._clock.seconds()
        jittered = self._pause * random.SystemRandom().uniform(0.5, 1.0)
        self._clock.pause(self.bell, max(0.0, min(left, jittered)))
        self._pause = _FIRST_PAUSE if self.bell.is_set() else min(2 * self._pause, _LONGEST_PAUSE)
        self.bell.clear()


class WaitingRoom:
    """The lanes of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes: defaultdict[str, deque[Place]] = defaultdict(deque)
        self._by_scope: defaultdict[str, set[str]] = defaultdict(set)

    def queued(self, scopes: Iterable[Scope]) -> Scope | None:
        """The first scope where others wait already."""
        with self._lock:
            return next((scope for scope in scopes if self._lanes.get(scope.lane)), None)

    @contextmanager
    def place(self, scope: Scope) -> Iterator[Place]:
        """A place at the end of the scope's lane, given up at the end."""
        with self._lock:
            lane = self._lanes[scope.lane]
            self._by_scope[scope.name].add(scope.lane)
            own = Place(lane, self._clock)
            lane.append(own)
        try:
            yield own
        finally:
            with self._lock:
                lane.remove(own)
                if lane:
                    lane[0].bell.set()
                elif self._lanes.get(scope.lane) is lane:
                    del self._lanes[scope.lane]
                    self._by_scope[scope.name].discard(scope.lane)

    def shrank(self, scopes: Iterable[str]) -> None:
        """Calls of these scopes ended: whoever is first may look again."""
        with self._lock:
            for scope in scopes:
                for lane in self._by_scope.get(scope, ()):
                    if places := self._lanes.get(lane):
                        places[0].bell.set()
