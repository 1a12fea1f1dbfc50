"""Runs a review's questions side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """A bounded number of calls at once, in order of their tasks."""

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def __call__(
        self, work: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, Callable[[], R]]]:
        """Each task with a call that returns its result or raises its error, in task order."""
        with ThreadPoolExecutor(self._calls, "question") as pool:
            futures = [(task, pool.submit(work, task)) for task in tasks]
            try:
                for task, future in futures:
                    yield task, _result_of(future, pool)
            finally:
                for _, future in futures:
                    future.cancel()


def _result_of(future: Future[R], pool: ThreadPoolExecutor) -> Callable[[], R]:
    """Waits for a result; who is interrupted at it leaves no call behind that still runs."""

    def result() -> R:
        try:
            return future.result()
        except (KeyboardInterrupt, SystemExit):
            pool.shutdown(cancel_futures=True)
            raise

    return result
