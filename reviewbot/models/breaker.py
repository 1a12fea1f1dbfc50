"""A circuit breaker: an endpoint that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class State(Enum):
    """Whether requests pass."""

    CLOSED = "closed"  # they do
    OPEN = "open"  # they do not
    HALF_OPEN = "half-open"  # one does, as a probe


@dataclass(frozen=True, slots=True)
class Temper:
    """When a breaker opens, and for how many seconds; failed probes double the rest."""

    failures: int = 5
    rest: float = 10.0
    longest_rest: float = 120.0


class Breaker:
    """Counts failures in a row; *clock* gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float], temper: Temper | None = None) -> None:
        self._clock = clock
        self._temper = temper or Temper()
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = self._temper.rest
        self._opened: float | None = None
        self._probing = self._vouched = False

    @property
    def is_doubtful(self) -> bool:
        """Whether a request would be a blind probe, better made where there is no other route."""
        with self._lock:
            return self._state() is State.HALF_OPEN and not self._vouched

    @property
    def state(self) -> State:
        """What a request would meet now."""
        with self._lock:
            return self._state()

    def enter(self) -> float:
        """Ask to pass: 0 means go, and report the end; else the seconds until it may be so."""
        with self._lock:
            match self._state():
                case State.CLOSED:
                    return 0.0
                case State.HALF_OPEN if not self._probing:
                    self._probing = True
                    return 0.0
                case State.HALF_OPEN:
                    return min(1.0, self._rest)  # look again when the probe may be back
                case State.OPEN:
                    return max(0.001, self._until() - self._clock())

    def succeeded(self) -> None:
        """The endpoint is alive, whatever it said."""
        with self._lock:
            self._failures, self._opened = 0, None
            self._probing = self._vouched = False
            self._rest = self._temper.rest

    def failed(self) -> None:
        """The endpoint gave no answer."""
        with self._lock:
            self._failures += 1
            if self._probing or self._failures >= self._temper.failures:
                self._open()

    def tripped(self) -> None:
        """The endpoint hung; whoever comes next need not find that out again."""
        with self._lock:
            self._failures += 1
            self._open()

    def vouched(self) -> None:
        """A live probe was answered: a request may find out whether the rest works too."""
        with self._lock:
            self._vouched = True

    def left(self) -> None:
        """Nothing was sent after all; a probe may be made by someone else."""
        with self._lock:
            self._probing = False

    def _open(self) -> None:
        """Open, if it is not open already; a failed probe doubles the rest."""
        if self._probing:
            self._rest = min(self._rest * 2, self._temper.longest_rest)
        if self._probing or self._opened is None:
            self._opened = self._clock()
        self._probing = self._vouched = False

    def _state(self) -> State:
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._until() else State.HALF_OPEN

    def _until(self) -> float:
        return (self._opened or 0.0) + self._rest
