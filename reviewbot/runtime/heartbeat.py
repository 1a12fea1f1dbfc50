"""Keeps a claim alive while its work goes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from reviewbot.domain.errors import ReviewbotError

if TYPE_CHECKING:
    from collections.abc import Callable


class Heartbeat:
    """Renews a lease three times in its length, until the end of a ``with``."""

    def __init__(self, renew: Callable[[], bool], lease: float) -> None:
        self._renew, self._pause = renew, lease / 3
        self._lost, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def is_lost(self) -> bool:
        """Whether another worker owns the claim now."""
        return self._lost.is_set()

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            try:
                alive = self._renew()
            except ReviewbotError:
                continue  # the lease outlives a short outage of the database
            if not alive:
                self._lost.set()
                return
