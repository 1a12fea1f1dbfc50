"""Progress bars, one a name, for work that several threads may do; drawn on terminals only."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.progress import Progress, TaskID


class NoBars:
    """Shows nothing."""

    def advances(self, name: str) -> None:
        """Not shown."""

    def stops(self, name: str, why: str) -> None:
        """Not shown: whatever is printed at the end says so."""


class Bars(NoBars):
    """A bar a name, each of *total* steps."""

    def __init__(self, progress: Progress, names: Iterable[str], total: int) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {
            name: progress.add_task(name, total=total) for name in names
        }

    def advances(self, name: str) -> None:
        """One step further."""
        self._progress.advance(self._bars[name])

    def stops(self, name: str, why: str) -> None:
        """Say why its bar does not fill."""
        self._progress.update(self._bars[name], description=f"{name}: {why}")


@contextmanager
def watching(names: Iterable[str], total: int) -> Iterator[NoBars]:
    """Bars on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield NoBars()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress, names, total)
