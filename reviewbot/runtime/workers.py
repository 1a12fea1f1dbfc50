"""Worker threads inside the serving process, over the same desk as everybody else.

Commands have a thread of their own: who says *pause* does not wait for reviews to end.
"""

from __future__ import annotations

import logging
import socket
import threading
import uuid
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.runtime.command_work import carry_out_once
from reviewbot.runtime.work import work_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.runtime.work import Workshop

_log = logging.getLogger(__name__)
_LONGEST_NAP = 1.0  # seconds; leases end and debounces pass without anybody saying so


class EmbeddedWorkers:
    """So many threads that work the desk, and one for commands, until they are stopped."""

    def __init__(self, shop: Workshop, count: int) -> None:
        self._shop = shop
        self._stopping = threading.Event()
        self._bell = threading.Condition()
        self._threads = [self._thread(self._review, f"worker-{n}") for n in range(count)]
        if count:
            self._threads.append(self._thread(self._carry_out, "clerk"))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was put on the desk."""
        with self._bell:
            self._bell.notify_all()

    def begin_to_stop(self) -> None:
        """Take nothing more from the desk, and hand back what is under way."""
        if not self._stopping.is_set():
            self._stopping.set()
            _log.info("stopping")
            self.wake()

    def stop(self) -> None:
        """Hand back what is under way; returns when all threads have ended.

        Answers that were paid for are stored, so whoever takes over asks only for the rest.
        """
        self.begin_to_stop()
        for thread in self._threads:
            thread.join()

    def _thread(self, work: Callable[[str], bool], name: str) -> threading.Thread:
        return threading.Thread(target=self._run, args=(work, worker_name()), name=name)

    def _review(self, owner: str) -> bool:
        return work_once(self._shop, owner, self._stopping)

    def _carry_out(self, owner: str) -> bool:
        return carry_out_once(self._shop.clerk, self._shop.metrics, owner)

    def _run(self, work: Callable[[str], bool], owner: str) -> None:
        while not self._stopping.is_set():
            try:
                worked = work(owner)
            except LedgerError:
                _log.warning("the ledger cannot be used", extra={"worker": owner})
                worked = False
            if not worked:
                with self._bell:
                    if not self._stopping.is_set():
                        self._bell.wait(_LONGEST_NAP)


def worker_name() -> str:
    """A name that no other worker has, and that people can place."""
    return f"{socket.gethostname()}:{uuid.uuid4().hex[:12]}"
