"""Ctrl-C during a review: nothing that is paid for is thrown away, and nobody has to wait."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2  # its file descriptor; a signal's handler may not use the buffered stream
_SHOW_CURSOR = b"\x1b[?25h"  # a progress bar may have hidden it
_SAYS = (
    b"\nreviewbot: stopping as soon as the answers under way are in, since they are paid for\n"
    b"  Ctrl-C again leaves at once.\n"
)


@contextmanager
def patient_interrupts() -> Iterator[None]:
    """The first Ctrl-C raises KeyboardInterrupt, the second one ends the process."""
    before = signal.signal(signal.SIGINT, _stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _stop:
            signal.signal(signal.SIGINT, before)


def _stop(_number: int, _frame: object) -> NoReturn:
    # The second one is the system's: Python misses what comes just before it begins to wait.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stderr.isatty():
        os.write(_STDERR, _SHOW_CURSOR)
    os.write(_STDERR, _SAYS)
    raise KeyboardInterrupt
