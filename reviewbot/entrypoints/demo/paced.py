"""Models on loopback that stream at a known pace: what the load harness can be checked by."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reviewbot.models.catalogue import flat_price
from reviewbot.models.config import EndpointConfig, ModelConfig, RouteConfig
from reviewbot.runtime.targets import Places
from reviewbot.sandbox.model import API_KEY, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Manners, Pace, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 4_096  # tokens; the load profile caps them
_TROUBLES = (
    Fault(Trouble.NO_USAGE),  # to warm up
    Fault(Trouble.NO_USAGE),
    Fault(status=503),
    Fault(Trouble.NO_USAGE),
    Fault(status=429, code="rate_limit_exceeded"),
    Fault(Trouble.NO_USAGE),
    Fault(Trouble.DROP),
)
_PACES = {
    "quick-120ms-90tps": Manners(pace=Pace(0.12, 90, _LONGEST)),
    "steady-200ms-50tps": Manners(pace=Pace(0.2, 50, _LONGEST)),
    "flaky-350ms-70tps": Manners(pace=Pace(0.35, 70, _LONGEST), faults=_TROUBLES),
}
_PRICES = (("0.18", "0.25"), ("2.50", "10.00"), ("0.15", "0.60"))


@contextmanager
def paced_places() -> Iterator[Places]:
    """Three models named for their pace, alive inside a ``with``."""
    with SandboxModel(manners=_PACES) as server:
        endpoint = EndpointConfig("loopback", server.base_url, API_KEY)
        models = tuple(
            ModelConfig(name, (RouteConfig(endpoint.name, name, flat_price(*price)),))
            for name, price in zip(_PACES, _PRICES, strict=True)
        )
        yield Places((endpoint,), models)
