"""Shows how far a review is, on terminals only."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reviewbot.runtime.unwatched import Unwatched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from reviewbot.review.ports import Stage


class SilentObserver(Unwatched):
    """Sees a review through to its deadline; *seconds* from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def out_of_time(self) -> bool:
        """Whether the deadline is over."""
        return time.monotonic() > self._end


class BarObserver(SilentObserver):
    """Draws a bar a stage on standard error."""

    def __init__(self, seconds: float, progress: Progress) -> None:
        super().__init__(seconds)
        self._progress = progress
        self._bars: dict[Stage, TaskID] = {}
        self._lock = threading.Lock()

    def begins(self, stage: Stage, questions: int) -> None:
        """A new bar."""
        if questions:
            with self._lock:
                self._bars[stage] = self._progress.add_task(stage.value, total=questions)

    def advances(self, stage: Stage) -> None:
        """One question further."""
        with self._lock:
            self._progress.advance(self._bars[stage])


@contextmanager
def observing(seconds: float) -> Iterator[SilentObserver]:
    """An observer for a review of at most *seconds*: bars on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield SilentObserver(seconds)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:>14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield BarObserver(seconds, progress)
