"""Runs a review's questions side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """A bounded number of calls at once, in order of their tasks.

    Where there are more tasks than places, the first has a *head_start* of so many seconds at
    the most: an endpoint that caches by prefix then knows what the others begin with. It begins
    when *gets_ready* has returned, or setting up the first call would take it.
    """

    def __init__(
        self,
        calls: int,
        head_start: float = 0.0,
        gets_ready: Callable[[], object] = lambda: None,
    ) -> None:
        self._calls, self._head_start, self._gets_ready = calls, head_start, gets_ready

    def __call__(
        self, work: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, Callable[[], R]]]:
        """Each task with a call that returns its result or raises its error, in task order."""
        with ThreadPoolExecutor(self._calls, "question") as pool:
            futures = self._begun(pool, work, list(tasks))
            try:
                for task, future in futures:
                    yield task, _result_of(future, pool)
            finally:
                for _, future in futures:
                    future.cancel()

    def _begun(
        self, pool: ThreadPoolExecutor, work: Callable[[T], R], tasks: Sequence[T]
    ) -> list[tuple[T, Future[R]]]:
        has_head_start = bool(self._head_start) and len(tasks) > self._calls
        if has_head_start:
            self._gets_ready()
        ahead = [pool.submit(work, task) for task in tasks[:1]]
        if has_head_start:
            wait(ahead, self._head_start)
        futures = [*ahead, *(pool.submit(work, task) for task in tasks[1:])]
        return list(zip(tasks, futures, strict=True))


def _result_of(future: Future[R], pool: ThreadPoolExecutor) -> Callable[[], R]:
    """Waits for a result; who is interrupted at it leaves no call behind that still runs."""

    def result() -> R:
        try:
            return future.result()
        except (KeyboardInterrupt, SystemExit):
            pool.shutdown(cancel_futures=True)
            raise

    return result
