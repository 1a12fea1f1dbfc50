"""Runs a review's questions side by side, within the review's and the server's bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from threading import BoundedSemaphore

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """A bounded number of calls at once, in order of their tasks; *places* are the server's."""

    def __init__(self, calls: int, places: BoundedSemaphore) -> None:
        self._calls, self._places = calls, places

    def __call__(
        self, work: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, Callable[[], R]]]:
        """Each task with a call that returns its result or raises its error, in task order."""

        def in_place(task: T) -> R:
            with self._places:
                return work(task)

        with ThreadPoolExecutor(self._calls, "question") as pool:
            futures = [(task, pool.submit(in_place, task)) for task in tasks]
            try:
                for task, future in futures:
                    yield task, future.result
            finally:
                for _, future in futures:
                    future.cancel()
