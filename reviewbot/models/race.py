"""A hedged attempt: where the first route is slow, a second one is asked besides."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from reviewbot.domain.errors import ReviewbotError
from reviewbot.models.faults import NOT_NEEDED, OVERTAKEN, Fault
from reviewbot.models.handle import Handle

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
A = TypeVar("A")

_GRACE = 1.0  # seconds in which the slower one is accounted for before the answer goes on


@dataclass(frozen=True, slots=True)
class Start:
    """How an attempt begins: *late* seconds after one that it may overtake, 0 where it is alone."""

    late: float = 0.0
    handle: Handle = field(default_factory=Handle)


@dataclass(frozen=True, slots=True)
class _End(Generic[R, A]):
    """What came of one attempt."""

    route: R
    came: A | Fault | BaseException

    def was_asked(self, first: R) -> bool:
        """Whether it counts: a rival that the ledger refused does not."""
        refused = isinstance(self.came, ReviewbotError) and not isinstance(self.came, Fault)
        return self.route is first or not refused

    def told(self) -> tuple[R, A | Fault]:
        """The same for who asked; raises what is no Fault."""
        if isinstance(self.came, BaseException) and not isinstance(self.came, Fault):
            raise self.came
        return self.route, self.came


class Race(Generic[R, A]):
    """Runs attempts, each in a thread; *make* returns an answer or a Fault, or raises."""

    def __init__(self, make: Callable[[R, Start], A | Fault]) -> None:
        self._make = make
        self._ends: SimpleQueue[_End[R, A]] = SimpleQueue()
        self._starts: list[Start] = []

    def run(
        self, first: R, rival: Callable[[], R | None], after: float
    ) -> list[tuple[R, A | Fault]]:
        """How the attempts ended: the answer last where there is one.

        A rival is asked for when *first* has not begun to answer *after* so many seconds. One
        that cannot be asked (no money, no place) changes nothing.
        """
        try:
            return self._run(first, rival, after)
        except BaseException:
            for start in self._starts:
                start.handle.end("interrupted")
            raise

    def _run(
        self, first: R, rival: Callable[[], R | None], after: float
    ) -> list[tuple[R, A | Fault]]:
        elder = self._begin(first, Start())
        elder.handle.asked.wait()
        begun = time.monotonic()
        end = self._next(after)
        if end is not None:
            return [end.told()]
        second = None if elder.handle.speaks else rival()
        if second is None:
            return [self._ends.get().told()]
        younger = self._begin(second, Start(time.monotonic() - begun))
        one = self._ends.get()
        if isinstance(one.came, BaseException):
            return [end.told() for end in (one, self._ends.get()) if end.was_asked(first)]
        slower, why = (elder, OVERTAKEN) if one.route is second else (younger, NOT_NEEDED)
        slower.handle.end(why)
        self._next(_GRACE)
        return [one.told()]

    def _begin(self, route: R, start: Start) -> Start:
        def run() -> None:
            try:
                came: A | Fault | BaseException = self._make(route, start)
            except BaseException as error:  # noqa: BLE001 - raised again by who waits
                came = error
            self._ends.put(_End(route, came))
            start.handle.asked.set()

        self._starts.append(start)
        threading.Thread(target=run, name="attempt", daemon=True).start()
        return start

    def _next(self, seconds: float) -> _End[R, A] | None:
        try:
            return self._ends.get(timeout=seconds)
        except Empty:
            return None
