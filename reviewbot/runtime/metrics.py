"""What Prometheus reads: counters of this process, gauges of the ledger's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from reviewbot.models.observation import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.desk import Desk
    from reviewbot.models.comparison import Comparison
    from reviewbot.models.observation import Observation
    from reviewbot.models.router import Router

_CALL_SECONDS = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
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
        self.findings = Counter(
            "reviewbot_findings", "Open findings by severity", ["severity"], registry=self.registry
        )
        self.spent = Counter(
            "reviewbot_spent_usd", "Settled cost of reviews in USD", registry=self.registry
        )
        self.seconds = Histogram(
            "reviewbot_review_seconds",
            "How long reviews take",
            buckets=_REVIEW_SECONDS,
            registry=self.registry,
        )

        self.calls = Counter(
            "reviewbot_model_calls",
            "Attempts at model endpoints by how they ended",
            ["endpoint", "region", "outcome"],
            registry=self.registry,
        )
        self.call_seconds = Histogram(
            "reviewbot_model_seconds",
            "How long model endpoints take to answer",
            ["endpoint", "region"],
            buckets=_CALL_SECONDS,
            registry=self.registry,
        )

        self.shadows = Counter(
            "reviewbot_shadow_answers",
            "Questions that shadow models were asked too",
            ["model", "outcome"],
            registry=self.registry,
        )
        self.shadow_findings = Counter(
            "reviewbot_shadow_findings",
            "Findings of shadow models against those of the models whose answers count",
            ["model", "found_by"],
            registry=self.registry,
        )

    def compared(self, comparison: Comparison) -> None:
        """Count what a shadow found and what it did not."""
        name = comparison.shadow
        self.shadows.labels(name, "answered" if comparison.answered else "failed").inc()
        for found_by, count in (
            ("both", comparison.both),
            ("only-main", comparison.only_main),
            ("only-shadow", comparison.only_shadow),
        ):
            self.shadow_findings.labels(name, found_by).inc(count)

    def call(self, seen: Observation) -> None:
        """Count an attempt at a model endpoint."""
        self.calls.labels(seen.endpoint, seen.region, seen.outcome.replace(" ", "-")).inc()
        if seen.outcome == ANSWERED:
            self.call_seconds.labels(seen.endpoint, seen.region).observe(seen.seconds)

    def watch(self, desk: Desk, router: Router | None) -> None:
        """Show the desk, and the breakers where models are asked, whenever asked."""
        self.registry.register(_Gauges(desk, router))
        if router is not None:
            router.subscribe(self.call)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class _Gauges:
    def __init__(self, desk: Desk, router: Router | None) -> None:
        self._desk, self._router = desk, router

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counts = self._desk.counts()
        desk = GaugeMetricFamily("reviewbot_desk", "Pull requests on the desk", labels=["state"])
        desk.add_metric(["waiting"], counts.waiting)
        desk.add_metric(["working"], counts.working)
        desk.add_metric(["dead"], counts.dead)
        yield desk
        yield GaugeMetricFamily(
            "reviewbot_desk_oldest_seconds", "How long the oldest work waits", value=counts.oldest
        )
        if self._router is not None:
            up = GaugeMetricFamily(
                "reviewbot_endpoint_breaker",
                "1 for the breaker's state",
                labels=["endpoint", "state"],
            )
            for endpoint, state in self._router.endpoints_status():
                up.add_metric([endpoint, state.value], 1)
            yield up
            yield _availability(self._router)


def _availability(router: Router) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "reviewbot_endpoint_availability",
        "Share of the last hour's attempts in which the endpoint did its part",
        labels=["endpoint", "region"],
    )
    for endpoint, region, share in router.availabilities():
        if share is not None:
            gauge.add_metric([endpoint, region], share)
    return gauge
