"""What Prometheus reads of model endpoints: attempts, latency, availability, shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from reviewbot.domain.errors import LedgerError
from reviewbot.ledger.drains import drained
from reviewbot.ledger.quarantine import flagged
from reviewbot.models.observation import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry

    from reviewbot.ledger.database import Database
    from reviewbot.models.comparison import Comparison
    from reviewbot.models.observation import Observation
    from reviewbot.models.router import Router

_SECONDS = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)


class ModelMetrics:
    """Counters that the router's observers raise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "reviewbot_model_calls",
            "Attempts at model endpoints by how they ended",
            ["endpoint", "region", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "reviewbot_model_seconds",
            "How long model endpoints take to answer",
            ["endpoint", "region"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._first_tokens = Histogram(
            "reviewbot_model_first_token_seconds",
            "How long model endpoints take to their first token, where answers are streamed",
            ["endpoint", "region"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._shadows = Counter(
            "reviewbot_shadow_answers",
            "Questions that shadow models were asked too",
            ["model", "outcome"],
            registry=registry,
        )
        self._shadow_findings = Counter(
            "reviewbot_shadow_findings",
            "Findings of shadow models against those of the models whose answers count",
            ["model", "found_by"],
            registry=registry,
        )

    def call(self, seen: Observation) -> None:
        """Count an attempt at a model endpoint."""
        self._calls.labels(seen.endpoint, seen.region, seen.outcome.replace(" ", "-")).inc()
        if seen.outcome == ANSWERED:
            self._seconds.labels(seen.endpoint, seen.region).observe(seen.seconds)
            if seen.first_token:
                self._first_tokens.labels(seen.endpoint, seen.region).observe(seen.first_token)

    def compared(self, comparison: Comparison) -> None:
        """Count what a shadow found and what it did not."""
        name = comparison.shadow
        self._shadows.labels(name, "answered" if comparison.answered else "failed").inc()
        for found_by, count in (
            ("both", comparison.both),
            ("only-main", comparison.only_main),
            ("only-shadow", comparison.only_shadow),
        ):
            self._shadow_findings.labels(name, found_by).inc(count)


class OutOfService:
    """Endpoints that are not called, and whether an administrator or their bill is why."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Nothing while the ledger cannot be read, which another gauge tells."""
        gauge = GaugeMetricFamily(
            "reviewbot_endpoint_out_of_service",
            "1 for endpoints that are not called until they are released",
            labels=["endpoint", "why"],
        )
        try:
            kept_out = [(each.endpoint, "drained") for each in drained(self._database)]
            kept_out += [(endpoint, "quarantine") for endpoint, _ in flagged(self._database)]
        except LedgerError:
            return
        for endpoint, why in kept_out:
            gauge.add_metric([endpoint, why], 1)
        yield gauge


def availability(router: Router) -> GaugeMetricFamily:
    """The share of the last hour's attempts in which each endpoint did its part."""
    gauge = GaugeMetricFamily(
        "reviewbot_endpoint_availability",
        "Share of the last hour's attempts in which the endpoint did its part",
        labels=["endpoint", "region"],
    )
    for endpoint, region, share in router.availabilities():
        if share is not None:
            gauge.add_metric([endpoint, region], share)
    return gauge
