"""What Prometheus reads of the companion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class CompanionMetrics:
    """Counters of this process; neither repositories nor people are in their labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sessions = Counter(
            "reviewbot_companion_sessions",
            "Sessions that workflows asked for, by outcome",
            ["outcome"],
            registry=registry,
        )
        self.requests = Counter(
            "reviewbot_companion_requests",
            "Questions of workflows' sessions, by outcome",
            ["outcome"],
            registry=registry,
        )
        self.redactions = Counter(
            "reviewbot_companion_redactions",
            "Questions of sessions that still held secrets, which were taken out",
            registry=registry,
        )
