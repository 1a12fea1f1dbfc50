"""Tells the alerts' address of endpoints that fall below their SLA, and when they are back."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.runtime import alert_address

if TYPE_CHECKING:
    from reviewbot.ledger.facts import Facts

_log = logging.getLogger(__name__)
_KIND = "sla"
_MISSED, _MET = "missed", "met"
_MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint stands against its SLA: *share* is from 0 to 1, the SLA in per cent."""

    endpoint: str
    region: str
    sla: float
    share: float

    @property
    def missed(self) -> bool:
        """Whether it is below."""
        return self.share * 100 < self.sla

    @property
    def availability(self) -> float:
        """The share in per cent, as it is shown."""
        return round(self.share * 100, 3)

    @property
    def text(self) -> str:
        """A sentence for people."""
        name = f"{self.endpoint} ({self.region})" if self.region else self.endpoint
        of = f"{self.availability:g} % of the last hour's attempts"
        if self.missed:
            return f"{name} did its part in {of}, below its SLA of {self.sla:g} %"
        return f"{name} keeps its SLA of {self.sla:g} % again: {of}"


class SlaAlerts:
    """Posts each change once: the ledger knows what was told, by whichever process saw it first."""

    def __init__(self, facts: Facts, url: str) -> None:
        self._facts, self._url = facts, url
        self._known: dict[str, bool] = {}
        self._tries: Counter[str] = Counter()

    def hear(self, now: Standing) -> None:
        """Tell of it if it is news; what fails is tried again when it is heard again."""
        if self._known.get(now.endpoint) is now.missed:
            return
        try:
            if not self._is_news(now) or self._told(now):
                self._known[now.endpoint] = now.missed
                self._tries[now.endpoint] = 0
        except LedgerError:
            _log.warning("the ledger cannot be used", extra={"worker": "health"})

    def _is_news(self, now: Standing) -> bool:
        if now.missed:
            return self._facts.keep(_KIND, now.endpoint, _MISSED)
        was_missed = self._facts.value(_KIND, now.endpoint) == _MISSED
        return was_missed and self._facts.keep(_KIND, now.endpoint, _MET)

    def _told(self, now: Standing) -> bool:
        """Whether it is told, or was tried often enough."""
        said = {
            "text": f"reviewbot: {now.text}",
            "scope": "endpoint-availability",
            "name": now.endpoint,
            "region": now.region,
            "sla": now.sla,
            "availability": now.availability,
            "at": time.time_ns() // 1_000_000,
        }
        with alert_address.client() as line:
            if alert_address.posted(line, self._url, said):
                return True
        self._tries[now.endpoint] += 1
        if self._tries[now.endpoint] >= _MOST_TRIES:
            return True
        self._facts.keep(_KIND, now.endpoint, _MET if now.missed else _MISSED)
        return False
