"""Remembers which endpoints a review waited for in vain, so that it does not wait again."""

from __future__ import annotations

import threading
from collections import OrderedDict

_MOST_REVIEWS = 1_000  # more are never under way; the oldest are forgotten first


class Hangs:
    """Endpoints that let a whole deadline pass, by review; safe between threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, review_id: str, endpoint: str) -> None:
        """Remember an endpoint that did not answer in time."""
        with self._lock:
            self._known[review_id] = self._known.pop(review_id, frozenset()) | {endpoint}
            while len(self._known) > _MOST_REVIEWS:
                self._known.popitem(last=False)

    def of(self, review_id: str) -> frozenset[str]:
        """What a review waited for in vain."""
        with self._lock:
            return self._known.get(review_id, frozenset())
