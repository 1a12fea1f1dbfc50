"""Which model is asked where: the routes that a question may take."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reviewbot.domain.errors import ModelUnavailable, SettingsError
from reviewbot.domain.finding import Tier
from reviewbot.domain.phrase import Phrase
from reviewbot.models.attempt import Attempts, Route, allows
from reviewbot.models.breaker import Breaker, State
from reviewbot.models.catalogue import dearest
from reviewbot.models.config import Routing
from reviewbot.models.dialects import Lessons
from reviewbot.models.faults import Fault
from reviewbot.models.hangs import Hangs
from reviewbot.models.observation import Availability, Paces
from reviewbot.models.pace import fastest_first
from reviewbot.models.pursuit import SILENT, Means, Pursuit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.domain.money import Price
    from reviewbot.models.breaker import Temper
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import EndpointConfig, ModelConfig, RouteConfig, RouterConfig
    from reviewbot.models.dialects import Memory
    from reviewbot.models.endpoint import Endpoint
    from reviewbot.models.observation import Observation
    from reviewbot.review.ports import Answer, Ledger, Purse, Question

_USUAL_SHARE = 5  # most answers take a fifth of their cap or so
_USUAL_INPUT = 32_000  # tokens; no usual request is larger, so no dearer size tier is quoted


class Router:
    """Asks a tier's models, in order of preference, until one answers; safe between threads."""

    def __init__(
        self,
        config: RouterConfig,
        ledger: Ledger,
        clock: Clock,
        most_calls: int = 32,
        temper: Temper | None = None,
    ) -> None:
        self._config, self._clock = config, clock
        attempts = Attempts(ledger, clock, config.patience, most_calls, self._heard)
        self._paces = Paces(clock.monotonic)
        self._availability = Availability(clock.monotonic)
        self._listeners: list[Callable[[Observation], object]] = [
            self._paces.heard,
            self._availability.heard,
        ]
        self._opened: dict[str, Endpoint] = {}
        self._memory: Memory | None = None
        self._lock = threading.Lock()
        self._means = Means(attempts, clock, config.patience, Hangs(), self._slow_after)
        self._caching: set[str] = set()  # endpoints that counted cached input
        self._configs = {each.name: each for each in config.endpoints}
        self._breakers = {each.name: Breaker(clock.monotonic, temper) for each in config.endpoints}
        self._check()

    @property
    def caches_prefixes(self) -> bool:
        """Whether the endpoint that reads first is known to cache prompts by their prefix.

        It is known by its address, or by what it has counted as cached before.
        """
        reader = self._config.reader
        return self._config.caches_prefixes or (reader is not None and reader in self._caching)

    def get_ready(self) -> None:
        """Set up what the first question needs, at the endpoint that reads first."""
        if self._config.reader is not None:
            self._endpoint(self._config.reader).get_ready()

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

    def ask(self, question: Question, purse: Purse, first: str = "") -> Sequence[Answer]:
        """One answer a key, of the model *first* if it can; raises ModelError, BudgetExhausted."""
        tier = self._config.tier(question.tier)
        models = sorted(tier, key=lambda model: model.name != first)
        return self._pursue(models, question, purse)

    def ask_only(self, name: str, question: Question, purse: Purse) -> Sequence[Answer]:
        """The same, of one model and no other."""
        models = [model for model in self._config.models if model.name == name]
        return self._pursue(models, question, purse)

    def subscribe(self, listener: Callable[[Observation], object]) -> None:
        """Tell *listener* of every attempt from now on."""
        self._listeners.append(listener)

    def remember_in(self, memory: Memory) -> None:
        """Keep there what endpoints do not take, and begin with what is known of them."""
        self._memory = memory

    def availabilities(self) -> list[tuple[str, str, float | None]]:
        """Each endpoint's name, region, and share of attempts that it did its part in.

        The share is of the last hour, from 0 to 1, and None where too few were made to tell.
        """
        share = self._availability.share
        return [(each.name, each.region, share(each.name)) for each in self._config.endpoints]

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

    def neglected(self, idle: float) -> list[str]:
        """Endpoints that were not heard of for *idle* seconds, or that are left alone."""
        return [
            name
            for name, breaker in self._breakers.items()
            if breaker.state is not State.CLOSED or self._paces.idle(name) >= idle
        ]

    def look_after(self, name: str, seconds: float) -> None:
        """Probe one endpoint, live, in so many seconds at the most."""
        breaker, endpoint = self._breakers[name], self._endpoint(name)
        endpoint.get_ready()
        begun = self._clock.monotonic()
        try:
            endpoint.probe(seconds)
        except Fault as fault:
            if fault.kind not in SILENT:
                breaker.vouched()  # it is there; that it does not list its models says nothing
            elif breaker.state is State.CLOSED:
                breaker.failed()
        else:
            self._paces.probed(name, self._clock.monotonic() - begun)
            breaker.vouched()

    def close(self) -> None:
        """Give all connections back."""
        for endpoint in self._opened.values():
            endpoint.close()

    def _endpoint(self, name: str) -> Endpoint:
        """The endpoint, made when it is first needed: a review asks GitHub long before."""
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._speaker(self._configs[name])
            return self._opened[name]

    def _speaker(self, config: EndpointConfig) -> Endpoint:
        lessons = Lessons(self._memory, config.base_url, self._clock) if self._memory else None
        if config.stream:
            from reviewbot.models.streaming import StreamingEndpoint  # noqa: PLC0415 - as below

            first_token = self._config.patience.first_token
            return StreamingEndpoint(config, self._clock, first_token, lessons)
        from reviewbot.models.endpoint import Endpoint  # noqa: PLC0415 - slow to import

        return Endpoint(config, self._clock, lessons)

    def _heard(self, seen: Observation) -> None:
        if seen.cached:
            self._caching.add(seen.endpoint)
        for listener in self._listeners:
            listener(seen)

    def _pursue(
        self, models: Sequence[ModelConfig], question: Question, purse: Purse
    ) -> Sequence[Answer]:
        routes = self._routes(models, question, purse)
        return Pursuit(routes, self._means).run(question, purse)

    def _slow_after(self, route: Route) -> float | None:
        hedge = self._config.patience.hedge
        if hedge == "p95":
            return self._paces.p95(route.config.endpoint, route.config.upstream)
        return hedge

    def _routes(
        self, models: Sequence[ModelConfig], question: Question, purse: Purse
    ) -> list[Route]:
        """The models' routes that have a price and that the policy allows, in their order."""
        priced = [(model, self._priced(model)) for model in models]
        allowed = [
            (model, [route for route in routes if self._allows(question, purse, route)])
            for model, routes in priced
        ]
        if any(routes for _, routes in allowed):
            return [
                self._route(model.name, route)
                for model, routes in allowed
                for route in self._ordered(model, routes, question.output_cap)
            ]
        why = Phrase("no model of it has a price now")
        if any(routes for _, routes in priced):
            why = Phrase("the policy lets no code go to its endpoints")
        message = Phrase("the {tier} tier cannot be asked: {why}", tier=question.tier, why=why)
        raise ModelUnavailable(message)

    def _allows(self, question: Question, purse: Purse, route: RouteConfig) -> bool:
        return allows(question, purse, self._configs[route.endpoint])

    def _ordered(
        self, model: ModelConfig, routes: Sequence[RouteConfig], output_cap: int
    ) -> Sequence[RouteConfig]:
        if model.routing is Routing.ORDER:
            return routes

        def expected(index: int) -> float | None:
            route = routes[index]
            return self._paces.expected(route.endpoint, route.upstream, output_cap // _USUAL_SHARE)

        return [routes[index] for index in fastest_first(len(routes), expected)]

    def _route(self, model: str, route: RouteConfig) -> Route:
        endpoint = self._endpoint(route.endpoint)
        return Route(model, route, endpoint, self._breakers[route.endpoint])

    def _priced(self, model: ModelConfig) -> list[RouteConfig]:
        now = self._clock.now()
        return [route for route in model.routes if route.price_of(now, 0) is not None]

    def _check(self) -> None:
        """A configuration that cannot work is better refused at the start."""
        _check_names(self._config)
        for tier in (Tier.CHEAP, Tier.STRONG):
            models = self._config.tier(tier)
            if models and not any(self._priced(model) for model in models):
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
