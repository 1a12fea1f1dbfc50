"""Lets one thread end the request of another."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token


class Handle:
    """Ends, from any thread, the request that is made inside ``with handle:``.

    The SDK hands nothing through to its transport, so the handle stands in the context.
    """

    def __init__(self) -> None:
        self._stop: Callable[[], object] | None = None
        self._outer: list[Token[Handle | None]] = []
        self.asked = threading.Event()  # the request is being made
        self.speaks = False  # a streamed answer has begun
        self.why = ""  # it was ended, empty where nobody did

    def __enter__(self) -> Self:
        self._outer.append(_CURRENT.set(self))
        self.asked.set()
        return self

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._outer.pop())

    def end(self, why: str) -> None:
        """Have the request end at once; the first reason stands."""
        self.why = self.why or why
        if self._stop is not None:
            self._stop()

    def stops_with(self, stop: Callable[[], object]) -> None:
        """What ends the request; who calls this looks at *why* afterwards."""
        self._stop = stop


_CURRENT: ContextVar[Handle | None] = ContextVar("_CURRENT", default=None)


def current_handle() -> Handle:
    """The handle of the ``with`` around, or a new one."""
    return _CURRENT.get() or Handle()
