"""Lets requests that run side by side come to the money in the order of risk."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Who waits for money queues up at the ledger, and who waits for an endpoint need not be waited for.
_LONGEST = 10.0  # seconds


class Turn:
    """One request's turn: over when its money is granted, or it has ended."""

    def __init__(self) -> None:
        self._over = Event()
        self._short = False

    def granted(self) -> None:
        """Money was set aside: the next may ask for some, unless this one gets it in pieces."""
        if not self._short:
            self._over.set()

    def refused(self) -> None:
        """There was too little money for all of it, so that the next comes after its last part."""
        self._short = True

    def end(self) -> None:
        """Nothing more is asked."""
        self._over.set()

    def pass_by(self) -> None:
        """Wait until it is over."""
        while not self._over.wait(_LONGEST) and self._short:
            pass


class Turns:
    """One turn a request, the riskiest first."""

    def __init__(self, count: int) -> None:
        self._turns = [Turn() for _ in range(count)]

    @contextmanager
    def of(self, index: int) -> Iterator[Turn]:
        """Wait for a turn, and end it behind all that is asked in it."""
        if index:
            self._turns[index - 1].pass_by()
        turn = self._turns[index]
        try:
            yield turn
        finally:
            turn.end()
