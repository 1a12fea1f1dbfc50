"""A job that is cancelled: GitHub's runner interrupts it, and kills it ten seconds later."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from reviewbot.entrypoints.cli import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SECONDS = 6.0  # for the answers under way; the rest is left for what has to be kept


@contextmanager
def kept_when_cancelled(keep: Callable[[], None]) -> Iterator[None]:
    """The first signal raises KeyboardInterrupt; what has not ended soon after ends with *keep*."""
    timers: list[threading.Timer] = []

    def leave() -> None:
        keep()
        os._exit(INTERRUPTED)

    def stop(_number: int, _frame: object) -> NoReturn:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the second one comes in any case
        timers.append(threading.Timer(_SECONDS, leave))
        timers[0].daemon = True
        timers[0].start()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
