"""Which model is asked where: preference, failover, patience."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from reviewbot.domain.errors import (
    BadAnswer,
    EndpointQuarantined,
    ModelRefused,
    ModelUnavailable,
    OutOfMoney,
    SettingsError,
)
from reviewbot.domain.finding import Tier
from reviewbot.models.attempt import Attempts, Route
from reviewbot.models.breaker import Breaker
from reviewbot.models.catalogue import dearest
from reviewbot.models.faults import Fault, Kind
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.errors import ModelError
    from reviewbot.domain.money import Price
    from reviewbot.models.breaker import State
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import Patience, RouteConfig, RouterConfig
    from reviewbot.models.endpoint import Endpoint
    from reviewbot.review.ports import Answer, Ledger, Purse, Question

_USUAL_INPUT = 32_000  # tokens; no usual request is larger, so no dearer size tier is quoted
_MOST_LESSONS = 6  # as many as a dialect can learn; each is a request that is refused
_SILENT = frozenset({Kind.OVERLOADED, Kind.UNKNOWN_END})  # what a breaker counts
_FINAL = frozenset({Kind.REFUSED, Kind.OUT_OF_MONEY, Kind.UNFIT})


class Router:
    """Asks a tier's models, in order of preference, until one answers; safe between threads."""

    def __init__(
        self, config: RouterConfig, ledger: Ledger, clock: Clock, most_calls: int = 32
    ) -> None:
        self._config, self._clock = config, clock
        self._attempts = Attempts(ledger, clock, config.patience, most_calls)
        self._opened: dict[str, Endpoint] = {}
        self._lock = threading.Lock()
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
        return _Pursuit(routes, self._attempts, self._clock, self._config.patience).run(
            question, purse
        )

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


class _Pursuit:
    """The way of one question from route to route."""

    def __init__(
        self, routes: Sequence[Route], attempts: Attempts, clock: Clock, patience: Patience
    ) -> None:
        self._routes, self._attempts = list(routes), attempts
        self._clock, self._patience = clock, patience
        self._left = patience.attempts
        self._waited = 0.0
        self._lessons = self._garbled = 0
        self._again: Route | None = None  # to be asked before all others
        self._rests: dict[int, float] = {}  # until when, by the route's identity
        self._faults: dict[int, Fault] = {}  # each route's last

    def run(self, question: Question, purse: Purse) -> tuple[Answer, ...]:
        """Ask until there is an answer, or no hope of one."""
        while self._left > 0 and (route := self._next()) is not None:
            fault = self._ask(question, purse, route)
            if not isinstance(fault, Fault):
                return fault
            self._faults.pop(id(route), None)  # the last fault stands last
            self._faults[id(route)] = fault
            self._note(route, fault)
        raise self._verdict()

    def _ask(self, question: Question, purse: Purse, route: Route) -> tuple[Answer, ...] | Fault:
        try:
            answers = self._attempts.make(question, purse, route)
        except Fault as fault:
            if fault.kind in _SILENT:
                route.breaker.failed()
            else:
                route.breaker.succeeded()
            return fault
        except EndpointQuarantined as error:
            route.breaker.left()
            attempt = Attempt(Ending.REFUSED, error="quarantined")
            return Fault(Kind.REFUSED, str(error), attempt)
        except BaseException:
            route.breaker.left()
            raise
        route.breaker.succeeded()
        return answers

    def _note(self, route: Route, fault: Fault) -> None:
        """Decide what a fault means for the next attempt."""
        self._again = None
        match fault.kind:
            case Kind.UNFIT if self._lessons < _MOST_LESSONS:
                self._lessons += 1
                self._again = route
            case Kind.GARBLED if self._garbled == 0:
                self._garbled += 1
                self._left -= 1
                self._again = route
            case Kind.GARBLED:
                self._left = 0
            case Kind.THROTTLED | Kind.OVERLOADED | Kind.UNKNOWN_END:
                self._left -= 1
                self._rests[id(route)] = self._clock.monotonic() + self._pause(fault)
            case _:  # refused for good, which costs nothing: the other routes keep their attempts
                self._routes.remove(route)

    def _pause(self, fault: Fault) -> float:
        if fault.retry_after is not None:
            return fault.retry_after
        tried = self._patience.attempts - self._left - 1
        jitter = random.SystemRandom().uniform(0.5, 1.0)
        return float(self._patience.backoff * 2**tried * jitter)

    def _next(self) -> Route | None:
        """The first route that can be asked, waiting for it if need be; None if none can."""
        while self._routes:
            delays = []
            for route in sorted(self._routes, key=lambda each: each is not self._again):
                delay = self._delay(route)
                if delay <= 0:
                    return route
                delays.append(delay)
            wait = min(delays)
            if self._waited + wait > self._patience.wait:
                return None
            self._waited += wait
            self._clock.sleep(wait)
        return None

    def _delay(self, route: Route) -> float:
        """Seconds until the route may be asked; 0 lets its breaker count this attempt."""
        rest = self._rests.get(id(route), 0.0) - self._clock.monotonic()
        return rest if rest > 0 else route.breaker.enter()

    def _verdict(self) -> ModelError:
        """What the asker hears in the end."""
        faults = list(self._faults.values())
        if not faults:
            names = ", ".join(dict.fromkeys(route.config.endpoint for route in self._routes))
            message = f"{names} failed repeatedly and is left alone for a while"
            return ModelUnavailable(message, "the next review asks again")
        last = faults[-1]
        message = "; ".join(dict.fromkeys(fault.message for fault in faults))
        if last.kind is Kind.GARBLED:
            return BadAnswer(last.message)
        if self._routes or any(fault.kind not in _FINAL for fault in faults):
            return ModelUnavailable(message)
        if last.kind is Kind.OUT_OF_MONEY:
            return OutOfMoney(message, "top the account up, or raise its limit")
        return ModelRefused(message, "`reviewbot doctor` tells more")
