"""Finds deliveries that never arrived, and has GitHub send them again: at start, and hourly."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import NotFound, ReviewbotError
from reviewbot.github.hook import read_log, send_again
from reviewbot.ledger.turns import Redeliveries, Turns
from reviewbot.runtime.workers import worker_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.github.client import GitHubClient
    from reviewbot.ledger.database import Database
    from reviewbot.runtime.metrics import Metrics

_log = logging.getLogger(__name__)
_TURN = "redelivery"
_FIRST_SECONDS = 2.0  # until the service listens
_BETWEEN_SECONDS = 3_600.0
_REST = 3_000.0  # seconds in which an hourly look of another process will do
_KEPT_DAYS = 8.0


@dataclass(frozen=True, slots=True)
class Redelivery:
    """One look at GitHub's log."""

    database: Database
    metrics: Metrics
    client: Callable[[], GitHubClient]

    def look(self, rest: float = 0.0) -> int:
        """Ask for what was missed, each once; returns how many. Raises ReviewbotError."""
        turns, owner = Turns(self.database), worker_name()
        if not turns.take(_TURN, owner, rest):
            return 0
        try:
            return self._redeliver()
        finally:
            turns.end(_TURN, owner)

    def _redeliver(self) -> int:
        asked = Redeliveries(self.database)
        count = 0
        with closing(self.client()) as client:
            for attempt in read_log(client).missed:
                if not asked.intend(attempt.guid):
                    continue
                try:
                    send_again(client, attempt)
                except ReviewbotError:
                    asked.forget(attempt.guid)
                    raise
                count += 1
                self.metrics.redelivered.inc()
                _log.info("redelivered", extra={"delivery": attempt.guid, "kind": attempt.event})
        asked.tidy(_KEPT_DAYS)
        return count


class HourlyRedelivery:
    """A thread that looks until it is stopped."""

    def __init__(self, redelivery: Redelivery) -> None:
        self._redelivery = redelivery
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="redelivery", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look under way is not waited for, as each of its steps stands alone."""
        self._stopping.set()

    def _run(self) -> None:
        wait, rest = _FIRST_SECONDS, 0.0
        while not self._stopping.wait(wait):
            try:
                self._redelivery.look(rest)
            except NotFound:
                _log.info("GitHub keeps no log of deliveries here")
            except ReviewbotError as error:
                _log.warning("no look at deliveries", extra={"kind": type(error).__name__})
            except Exception:  # noqa: BLE001 - one bug must not end the thread
                _log.exception("bug")
            wait, rest = _BETWEEN_SECONDS, _REST
