"""What is done beside the reviews.

Alerts are told, expired reservations presumed, old rows removed, and threads followed.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.domain.money import plain_usd
from reviewbot.ledger import alerts, egress
from reviewbot.ledger.commands import Commands
from reviewbot.ledger.job_sessions import Sessions
from reviewbot.ledger.read_backs import ReadBacks
from reviewbot.runtime import alert_address
from reviewbot.runtime.read_back import follow_recent
from reviewbot.runtime.retention import throw_away

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.desk import Desk
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.metrics import Metrics

_log = logging.getLogger(__name__)
_ROUND_SECONDS = 10.0
_ROUNDS_PER_LOOK = 6  # about once a minute
_ROUNDS_PER_TIDY = 360  # about once an hour
_MOST_POSTS = 20  # a round


def alarm(metrics: Metrics) -> Callable[[Alert], None]:
    """Tells log and metrics of a limit that fills up."""

    def hears(alert: Alert) -> None:
        metrics.alerts.labels(alert.kind.value, str(alert.level)).inc()
        _log.warning(
            "budget alert", extra={"scope": alert.scope, "level": alert.level, "says": alert.text}
        )

    return hears


class Upkeep:
    """A thread that goes its rounds until it is stopped; any number of processes may have one."""

    def __init__(self, core: Core, desk: Desk, alerts_url: str) -> None:
        self._core, self._desk, self._alerts_url = core, desk, alerts_url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the round under way is over."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            try:
                self._go_round(rounds)
            except LedgerError:
                _log.warning("the ledger cannot be used", extra={"worker": "upkeep"})
            rounds += 1
            self._stopping.wait(_ROUND_SECONDS)

    def _go_round(self, rounds: int) -> None:
        self._core.ledger.presume_expired()
        if self._alerts_url:
            post_alerts(self._core, self._alerts_url)
        if rounds % _ROUNDS_PER_LOOK == 0:
            Sessions(self._core.database).forget_ended()
        if rounds % _ROUNDS_PER_TIDY == 0:
            kept = self._core.settings.values.retention
            throw_away(self._core.database, kept)
            egress.forget(self._core.database, kept.egress_days)
            self._desk.forget_deliveries(kept.deliveries_days)
            Commands(self._core.database).forget(kept.deliveries_days)
            follow_recent(ReadBacks(self._core.database))


def post_alerts(core: Core, url: str) -> None:
    """Post what the address does not know yet; what fails is tried again in the next round."""
    with alert_address.client() as client:
        for _ in range(_MOST_POSTS):
            alert = alerts.take_untold(core.database)
            if alert is None:
                return
            if not _posted(client, url, alert):
                alerts.tell_again(core.database, alert)
                return


def _posted(client: httpx2.Client, url: str, alert: Alert) -> bool:
    said = {
        "text": f"reviewbot: {alert.text}",
        "scope": alert.kind.value,
        "name": alert.scope,
        "level": alert.level,
        "spent_usd": plain_usd(alert.spent),
        "limit_usd": plain_usd(alert.cap),
        "repository": alert.repository,
        "pull_request": alert.number,
        "at": alert.at,
    }
    return alert_address.posted(client, url, said)
