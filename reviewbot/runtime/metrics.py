"""What Prometheus reads: counters of this process, gauges of the ledger's desk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from reviewbot.domain.errors import LedgerError
from reviewbot.runtime.companion_metrics import CompanionMetrics
from reviewbot.runtime.model_metrics import ModelMetrics, OutOfService, availability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.commands import Commands
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.desk import Desk
    from reviewbot.ledger.switch import Switch
    from reviewbot.models.router import Router

_log = logging.getLogger(__name__)
_REVIEW_SECONDS = (1, 5, 15, 30, 60, 120, 300, 600, 900)


class Metrics:
    """One registry a service, so that two of them in a process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "reviewbot_deliveries", "Webhook deliveries", ["outcome"], registry=self.registry
        )
        self.reviews = Counter(
            "reviewbot_reviews", "Reviews by how they ended", ["outcome"], registry=self.registry
        )
        self.commands = Counter(
            "reviewbot_commands", "Commands by how they ended", ["outcome"], registry=self.registry
        )
        self.redelivered = Counter(
            "reviewbot_redeliveries",
            "Missed deliveries that GitHub was asked to send again",
            registry=self.registry,
        )
        self.findings = Counter(
            "reviewbot_findings", "Open findings by severity", ["severity"], registry=self.registry
        )
        self.spent = Counter(
            "reviewbot_spent_usd", "Settled cost of reviews in USD", registry=self.registry
        )
        self.alerts = Counter(
            "reviewbot_budget_alerts",
            "Limits that passed 50, 80 or 100 per cent",
            ["scope", "level"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "reviewbot_review_seconds",
            "How long reviews take",
            buckets=_REVIEW_SECONDS,
            registry=self.registry,
        )
        self.models = ModelMetrics(self.registry)
        self.companion = CompanionMetrics(self.registry)

    def watch(self, desk: Desk, commands: Commands, switch: Switch, router: Router | None) -> None:
        """Show what waits, the switch, and the breakers where models are asked, whenever asked."""
        self.registry.register(_LedgerGauges(desk, commands, switch))
        if router is not None:
            self.registry.register(_EndpointGauges(router))
            router.subscribe(self.models.call)

    def watch_endpoints(self, database: Database) -> None:
        """Show which endpoints the ledger keeps out of service."""
        self.registry.register(OutOfService(database))

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class _LedgerGauges:
    """What the ledger holds; while it cannot be read, only that."""

    def __init__(self, desk: Desk, commands: Commands, switch: Switch) -> None:
        self._desk, self._commands, self._switch = desk, commands, switch

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            gauges = [*self._pulls(), self._answers(), self._stopped()]
        except LedgerError:
            _log.warning("the ledger's gauges cannot be read", exc_info=True)
            gauges = []
        yield GaugeMetricFamily(
            "reviewbot_ledger_up", "Whether the ledger can be read", value=bool(gauges)
        )
        yield from gauges

    def _pulls(self) -> Iterator[GaugeMetricFamily]:
        counts = self._desk.counts()
        desk = GaugeMetricFamily("reviewbot_desk", "Pull requests on the desk", labels=["state"])
        desk.add_metric(["waiting"], counts.waiting)
        desk.add_metric(["working"], counts.working)
        desk.add_metric(["dead"], counts.dead)
        yield desk
        yield GaugeMetricFamily(
            "reviewbot_desk_oldest_seconds", "How long the oldest work waits", value=counts.oldest
        )

    def _answers(self) -> GaugeMetricFamily:
        waiting, dead = self._commands.counts()
        unanswered = GaugeMetricFamily(
            "reviewbot_unanswered_commands", "Commands without an answer", labels=["state"]
        )
        unanswered.add_metric(["waiting"], waiting)
        unanswered.add_metric(["dead"], dead)
        return unanswered

    def _stopped(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "reviewbot_spending_stopped",
            "1 while an administrator has stopped all spending",
            value=self._switch.stopped() is not None,
        )


class _EndpointGauges:
    def __init__(self, router: Router) -> None:
        self._router = router

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily(
            "reviewbot_endpoint_breaker", "1 for the breaker's state", labels=["endpoint", "state"]
        )
        for endpoint, state in self._router.endpoints_status():
            up.add_metric([endpoint, state.value], 1)
        yield up
        yield availability(self._router)
