"""One thread for all deadlines."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

from reviewbot.models.deadlines import Deadlines


def test_they_pass_in_their_order_whenever_they_were_set() -> None:
    deadlines, passed = Deadlines(), SimpleQueue[str]()
    for name, seconds in (("third", 0.3), ("first", 0.05), ("second", 0.15)):
        deadlines.set(seconds, lambda name=name: passed.put(name))  # type: ignore[misc] # bound
    assert [passed.get(timeout=5.0) for _ in range(3)] == ["first", "second", "third"]


def test_what_is_cancelled_is_not_done() -> None:
    deadlines, passed = Deadlines(), SimpleQueue[str]()
    deadlines.set(0.05, lambda: passed.put("cancelled")).cancel()
    deadlines.set(0.1, lambda: passed.put("done"))
    assert passed.get(timeout=5.0) == "done"
    assert passed.empty()


def test_none_passes_early() -> None:
    deadlines, passed = Deadlines(), threading.Event()
    begun = time.monotonic()
    deadlines.set(0.2, passed.set)
    assert passed.wait(5.0)
    assert time.monotonic() - begun >= 0.2


def test_many_share_one_thread() -> None:
    deadlines = Deadlines()
    before = threading.active_count()
    kept = [deadlines.set(60.0, time.monotonic) for _ in range(1_000)]
    assert threading.active_count() <= before + 1
    for each in kept:
        each.cancel()
