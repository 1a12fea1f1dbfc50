"""Looks after model endpoints in the background: live probes, and a word when an SLA is missed."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from reviewbot.runtime.sla import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reviewbot.models.router import Router

_log = logging.getLogger(__name__)
_PROBE_SECONDS = 3.0
_LOOKS = 6  # at idle endpoints, in the time after which one counts as idle


class HealthChecks:
    """Probes endpoints that were idle for so many seconds, until it is stopped.

    With an *sla*, in per cent, it warns once when an endpoint's availability falls below it,
    and *tells* hears how each endpoint stands. Those that *drained* names are left alone.
    """

    def __init__(
        self,
        router: Router,
        idle: float,
        sla: float | None = None,
        tells: Callable[[Standing], object] = lambda _now: None,
        drained: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._router, self._idle, self._sla, self._tells = router, idle, sla, tells
        self._drained = drained
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
        if self._sla is None:
            return
        for endpoint, region, share in self._router.availabilities():
            if share is not None:
                now = Standing(endpoint, region, self._sla, share)
                self._log(now)
                self._tells(now)

    def _log(self, now: Standing) -> None:
        about = {"endpoint": now.endpoint, "region": now.region, "sla": now.sla}
        if now.missed and now.endpoint not in self._missing:
            self._missing.add(now.endpoint)
            told = {**about, "availability": now.availability}
            _log.warning("availability is below the SLA", extra=told)
        elif not now.missed and now.endpoint in self._missing:
            self._missing.discard(now.endpoint)
            _log.info("the SLA is met again", extra=about)

    def _run(self) -> None:
        while not self._stopping.wait(self._idle / _LOOKS):
            drained = self._drained()
            for endpoint in self._router.neglected(self._idle):
                if endpoint not in drained and not self._stopping.is_set():
                    self._router.look_after(endpoint, _PROBE_SECONDS)
            self.compare()
