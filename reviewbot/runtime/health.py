"""Looks after model endpoints in the background: live probes, and a word when an SLA is missed."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.models.router import Router

_log = logging.getLogger(__name__)
_PROBE_SECONDS = 3.0
_LOOKS = 6  # at idle endpoints, in the time after which one counts as idle


class HealthChecks:
    """Probes endpoints that were idle for so many seconds, until it is stopped.

    With an *sla*, in per cent, it warns once when an endpoint's availability falls below it.
    """

    def __init__(self, router: Router, idle: float, sla: float | None = None) -> None:
        self._router, self._idle, self._sla = router, idle, sla
        self._missing: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a probe that is under way ends first."""
        self._stopping.set()
        self._thread.join()

    def compare(self) -> None:
        """Hold availability against the SLA."""
        for endpoint, region, share in self._router.availabilities() if self._sla else ():
            about = {"endpoint": endpoint, "region": region, "sla": self._sla}
            if share is None or share * 100 >= (self._sla or 0.0):
                if share is not None and endpoint in self._missing:
                    self._missing.discard(endpoint)
                    _log.info("the SLA is met again", extra=about)
            elif endpoint not in self._missing:
                self._missing.add(endpoint)
                told = {**about, "availability": round(share * 100, 3)}
                _log.warning("availability is below the SLA", extra=told)

    def _run(self) -> None:
        while not self._stopping.wait(self._idle / _LOOKS):
            for endpoint in self._router.neglected(self._idle):
                if not self._stopping.is_set():
                    self._router.look_after(endpoint, _PROBE_SECONDS)
            self.compare()
