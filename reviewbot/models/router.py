"""Which model is asked where: the routes that a question may take."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reviewbot.domain.errors import ModelUnavailable, SettingsError
from reviewbot.domain.finding import Tier
from reviewbot.models.attempt import Attempts, Route
from reviewbot.models.breaker import Breaker
from reviewbot.models.catalogue import dearest
from reviewbot.models.faults import Fault
from reviewbot.models.hangs import Hangs
from reviewbot.models.pursuit import Pursuit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.money import Price
    from reviewbot.models.breaker import State
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import RouteConfig, RouterConfig
    from reviewbot.models.endpoint import Endpoint
    from reviewbot.review.ports import Answer, Ledger, Purse, Question

_USUAL_INPUT = 32_000  # tokens; no usual request is larger, so no dearer size tier is quoted


class Router:
    """Asks a tier's models, in order of preference, until one answers; safe between threads."""

    def __init__(
        self, config: RouterConfig, ledger: Ledger, clock: Clock, most_calls: int = 32
    ) -> None:
        self._config, self._clock = config, clock
        self._attempts = Attempts(ledger, clock, config.patience, most_calls)
        self._opened: dict[str, Endpoint] = {}
        self._lock = threading.Lock()
        self._hangs = Hangs()
        self._breakers = {each.name: Breaker(clock.monotonic) for each in config.endpoints}
        self._check()

    def models(self, tier: Tier) -> Sequence[str]:
        """The tier's models, in order of preference; empty if the tier has none."""
        return [model.name for model in self._config.tier(tier)]

    def price(self, tier: Tier) -> Price | None:
        """What the tier's first model costs at its dearest; None if the tier has none."""
        now = self._clock.now()
        for model in self._config.tier(tier):
            prices = [route.worst_price(now, _USUAL_INPUT) for route in model.routes]
            if known := [price for price in prices if price is not None]:
                return dearest(known)
        return None

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        """One answer a key; raises ModelError or BudgetExhausted."""
        routes = self._routes(question.tier, purse)
        pursuit = Pursuit(routes, self._attempts, self._clock, self._config.patience, self._hangs)
        return pursuit.run(question, purse)

    def endpoints_status(self) -> list[tuple[str, State]]:
        """Each endpoint's name, and whether requests pass."""
        return [(name, breaker.state) for name, breaker in self._breakers.items()]

    def probe(self) -> Iterator[tuple[str, str]]:
        """Each endpoint's name, and what is wrong with it; empty where it answers."""
        for config in self._config.endpoints:
            try:
                self._endpoint(config.name).probe()
            except Fault as fault:
                yield config.name, fault.message
            else:
                yield config.name, ""

    def close(self) -> None:
        """Give all connections back."""
        for endpoint in self._opened.values():
            endpoint.close()

    def _endpoint(self, name: str) -> Endpoint:
        """The endpoint, made when it is first needed: a review asks GitHub long before."""
        from reviewbot.models.endpoint import Endpoint  # noqa: PLC0415 - slow to import

        with self._lock:
            if name not in self._opened:
                config = next(each for each in self._config.endpoints if each.name == name)
                self._opened[name] = Endpoint(config, self._clock)
            return self._opened[name]

    def _routes(self, tier: Tier, purse: Purse) -> list[Route]:
        """The tier's routes that have a price and that the policy allows."""
        config, data = self._config, purse.data
        if data is not None:
            config = config.allowing(data.allowed_jurisdictions, data.allowed_endpoints)
        routes = self._priced(config, tier)
        if routes:
            return [self._route(model, route) for model, route in routes]
        why = "no model of it has a price now"
        if self._priced(self._config, tier):
            why = "the policy lets no code go to its endpoints"
        message = f"the {tier} tier cannot be asked: {why}"
        raise ModelUnavailable(message)

    def _route(self, model: str, route: RouteConfig) -> Route:
        endpoint = self._endpoint(route.endpoint)
        return Route(model, route, endpoint, self._breakers[route.endpoint])

    def _priced(self, config: RouterConfig, tier: Tier) -> list[tuple[str, RouteConfig]]:
        now = self._clock.now()
        return [
            (model.name, route)
            for model in config.tier(tier)
            for route in model.routes
            if route.price_of(now, 0) is not None
        ]

    def _check(self) -> None:
        """A configuration that cannot work is better refused at the start."""
        _check_names(self._config)
        for tier in (Tier.CHEAP, Tier.STRONG):
            if self._config.tier(tier) and not self._priced(self._config, tier):
                message = f"no route of the {tier} tier has a price, so it cannot be called"
                raise SettingsError(message, "Give a route of its models a price.")


def _check_names(config: RouterConfig) -> None:
    models = {model.name for model in config.models}
    for name in (*config.cheap, *config.strong):
        if name not in models:
            message = f"a tier names the model {name!r}, which is not configured"
            raise SettingsError(message)
    endpoints = {each.name for each in config.endpoints}
    for model in config.models:
        for route in model.routes:
            if route.endpoint not in endpoints:
                message = f"the model {model.name!r} names no known endpoint: {route.endpoint!r}"
                raise SettingsError(message)
