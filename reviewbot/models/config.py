"""Which endpoints, models and tiers there are, as values; settings are read elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Price
from reviewbot.models.dialect import caches_prefixes

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from reviewbot.models.catalogue import Tariff


class Billing(Enum):
    """What a call is entered at."""

    PRICE = "price"  # its tokens, at the route's price
    REPORTED = "reported"  # what the endpoint says that it billed, where it says so


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """An OpenAI-compatible base address, its key, and where the data goes.

    A companion is a reviewbot service: it asks models itself, under the same policy, and says
    what that cost.
    """

    name: str
    base_url: str
    api_key: str = field(repr=False)
    region: str = ""
    jurisdiction: str = ""
    proxy: str = field(default="", repr=False)  # may hold a password
    stream: bool = False  # whether reviews are asked for as streams
    billing: Billing = Billing.PRICE
    is_companion: bool = False


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A model at an endpoint; without a price it is never called."""

    endpoint: str
    upstream: str
    price: Tariff | Price | None

    def price_of(self, at: datetime, input_tokens: int) -> Price | None:
        """What a request of that size is billed at, None where nothing says."""
        if self.price is None or isinstance(self.price, Price):
            return self.price
        return self.price.price_of(at, input_tokens) if self.price.holds(at) else None

    def worst_price(self, at: datetime, most_tokens: int) -> Price | None:
        """What a reservation is made at, None where nothing says."""
        if self.price is None or isinstance(self.price, Price):
            return self.price
        return self.price.worst_price(at, most_tokens) if self.price.holds(at) else None


class Routing(Enum):
    """Which of a model's routes is asked first."""

    ORDER = "order"  # the first one that can be asked
    LATENCY = "latency"  # the one that answers soonest


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A model under the name that people know it by; its routes in order of preference.

    *weight* is the per cent of its tier's questions that it is asked first; None leaves it to
    stand in for others. With *shadow*, from 0 to 1, it is only compared, for that share.
    """

    name: str
    routes: tuple[RouteConfig, ...]
    routing: Routing = Routing.ORDER
    weight: float | None = None
    shadow: float = 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try."""

    connect: float = 5.0
    first_token: float = 30.0  # of streamed answers; whole answers have only the total
    hedge: float | Literal["p95"] | None = None  # when a second route is asked; None is never
    cheap: float = 60.0
    strong: float = 120.0
    attempts: int = 3
    wait: float = 30.0  # all waiting between the attempts of one question
    backoff: float = 0.5  # the first back-off; it doubles
    lease_margin: float = 60.0  # a reservation outlives its time-out by this

    def total(self, tier: Tier) -> float:
        """How long one attempt may take."""
        return self.strong if tier is Tier.STRONG else self.cheap


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """Everything that the router knows."""

    endpoints: tuple[EndpointConfig, ...]
    models: tuple[ModelConfig, ...]
    cheap: tuple[str, ...]
    strong: tuple[str, ...] = ()
    patience: Patience = Patience()

    def tier(self, tier: Tier) -> tuple[ModelConfig, ...]:
        """The tier's models, in order of preference."""
        return tuple(model for model in self._named(tier) if not model.shadow)

    def shadows(self, tier: Tier) -> tuple[ModelConfig, ...]:
        """The models that are only compared with the tier's."""
        return tuple(model for model in self._named(tier) if model.shadow)

    @property
    def reader(self) -> str | None:
        """The endpoint that reads first."""
        routes = [route for model in self.tier(Tier.CHEAP) for route in model.routes]
        return routes[0].endpoint if routes else None

    @property
    def caches_prefixes(self) -> bool:
        """Whether the address of the endpoint that reads first tells that it caches by prefix."""
        addresses = {each.name: each.base_url for each in self.endpoints}
        return self.reader is not None and caches_prefixes(addresses[self.reader])

    def _named(self, tier: Tier) -> tuple[ModelConfig, ...]:
        names = {Tier.CHEAP: self.cheap, Tier.STRONG: self.strong}.get(tier, ())
        by_name = {model.name: model for model in self.models}
        return tuple(by_name[name] for name in names)

    def at(self, endpoints: Collection[str]) -> RouterConfig:
        """Without the routes to other endpoints."""
        models = tuple(
            replace(model, routes=tuple(r for r in model.routes if r.endpoint in endpoints))
            for model in self.models
        )
        return replace(self, models=models)
