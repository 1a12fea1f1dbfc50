"""One thread for all deadlines."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from reviewbot.models.deadlines import Deadlines
from tests.fakes.patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def held(deadlines: Deadlines) -> Iterator[None]:
    """Nothing passes inside the block, however slow it is."""
    gate = threading.Event()
    deadlines.set(0.0, gate.wait)
    yield
    gate.set()


def test_they_pass_in_their_order_whenever_they_were_set() -> None:
    deadlines, passed = Deadlines(), SimpleQueue[str]()
    with held(deadlines):
        begun = time.monotonic()
        for name, at in (("third", 0.6), ("first", 0.2), ("second", 0.4)):
            seconds = begun + at - time.monotonic()
            deadlines.set(seconds, lambda name=name: passed.put(name))  # type: ignore[misc] # bound
    assert [passed.get(timeout=PATIENCE) for _ in range(3)] == ["first", "second", "third"]


def test_what_is_cancelled_is_not_done() -> None:
    deadlines, passed = Deadlines(), SimpleQueue[str]()
    with held(deadlines):
        deadlines.set(0.05, lambda: passed.put("cancelled")).cancel()
        deadlines.set(0.1, lambda: passed.put("done"))
    assert passed.get(timeout=PATIENCE) == "done"
    assert passed.empty()


def test_none_passes_early() -> None:
    deadlines, passed = Deadlines(), threading.Event()
    begun = time.monotonic()
    deadlines.set(0.2, passed.set)
    assert passed.wait(PATIENCE)
    assert time.monotonic() - begun >= 0.2


def test_many_share_one_thread() -> None:
    deadlines = Deadlines()
    before = threading.active_count()
    kept = [deadlines.set(60.0, time.monotonic) for _ in range(1_000)]
    assert threading.active_count() <= before + 1
    for each in kept:
        each.cancel()
