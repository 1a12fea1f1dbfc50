"""One HTTP attempt as the ledger sees it: reserved, sent, settled once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.egress import Egress
from reviewbot.domain.errors import BadAnswer, ModelUnavailable
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.phrase import Phrase
from reviewbot.models.faults import Fault, Kind
from reviewbot.models.observation import ANSWERED, Observation
from reviewbot.review.ports import Answer, Attempt, Charge, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.money import Price
    from reviewbot.models.breaker import Breaker
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import Patience, RouteConfig
    from reviewbot.models.endpoint import Endpoint, Told
    from reviewbot.review.ports import Grant, Ledger, Purse, Question

_WRAPPING = 512  # bytes of a request's body around the prompt's texts
_MESSAGES = 2


@dataclass(frozen=True, slots=True)
class Route:
    """A model at an endpoint, ready to be asked."""

    model: str  # the name in the configuration
    config: RouteConfig
    endpoint: Endpoint
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class _Result:
    """What is settled, and what the asker gets: answers or a fault."""

    attempt: Attempt
    answers: tuple[Answer, ...] = ()
    fault: Fault | None = None


class Attempts:
    """Makes attempts, at most *most* at the same time."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        patience: Patience,
        most: int,
        hears: Callable[[Observation], object] = lambda _seen: None,
    ) -> None:
        self._ledger, self._clock, self._patience = ledger, clock, patience
        self._places = threading.BoundedSemaphore(most)
        self._hears = hears

    def make(self, question: Question, purse: Purse, route: Route) -> tuple[Answer, ...]:
        """Ask once; raises Fault, BudgetExhausted, or what the ledger raises."""
        _check_place(purse, route)
        with self._places:
            grant = self._ledger.reserve(self._charge(question, purse, route))
            try:
                result = self._send(question, grant, route)
            except BaseException:
                self._ledger.settle(grant, Attempt(Ending.UNKNOWN, error="interrupted"))
                raise
            self._ledger.settle(grant, result.attempt, result.answers)
        self._hears(_seen(route, result))
        if result.fault is not None:
            raise result.fault
        return result.answers

    def _charge(self, question: Question, purse: Purse, route: Route) -> Charge:
        size = question.prompt.size + _WRAPPING
        now = self._clock.now()
        price, dearest = route.config.price_of(now, size), route.config.worst_price(now, size)
        if price is None or dearest is None:
            message = Phrase(
                "{model} at {endpoint} has no price, so it is not called",
                model=route.model,
                endpoint=route.config.endpoint,
            )
            raise ModelUnavailable(message)
        return Charge(
            purse=purse,
            tier=question.tier,
            model=route.model,
            endpoint=route.config.endpoint,
            upstream=route.config.upstream,
            jurisdiction=route.endpoint.config.jurisdiction,
            price=price,
            worst=dearest.worst_case(size, _MESSAGES, question.output_cap),
            lease_seconds=self._patience.total(question.tier) + self._patience.lease_margin,
            label=question.label,
            reason=question.reason,
            egress=Egress.of(question.prompt.system, question.prompt.user),
        )

    def _send(self, question: Question, grant: Grant, route: Route) -> _Result:
        try:
            told = route.endpoint.ask(
                route.config.upstream,
                question.prompt,
                question.output_cap,
                self._patience.total(question.tier),
                self._patience.connect,
            )
        except Fault as fault:
            return _Result(fault.attempt, fault=fault)
        attempt = _answered(told)
        try:
            texts = question.divide(told.text)
        except BadAnswer as bad:
            return _garbled(attempt, bad)
        return _Result(attempt, _answers(question, texts, grant.charge, attempt))


def _check_place(purse: Purse, route: Route) -> None:
    """The last look before code leaves, whoever chose the route."""
    place = route.endpoint.config
    if purse.data is not None and not purse.data.allows(place.name, place.jurisdiction):
        message = Phrase("the policy lets no code go to {endpoint}", endpoint=place.name)
        raise Fault(Kind.REFUSED, message, Attempt(Ending.REFUSED, error="jurisdiction"))


def _seen(route: Route, result: _Result) -> Observation:
    attempt, fault = result.attempt, result.fault
    return Observation(
        endpoint=route.config.endpoint,
        region=route.endpoint.config.region,
        upstream=route.config.upstream,
        outcome=ANSWERED if fault is None else fault.kind.value,
        seconds=attempt.latency_ms / 1000,
        tokens_out=attempt.usage.output if attempt.usage else 0,
        error=attempt.error,
    )


def _answered(told: Told) -> Attempt:
    """Without usage the answer is as good, but its cost is presumed."""
    ending, error = (Ending.UNKNOWN, "no-usage") if told.usage is None else (Ending.ANSWERED, "")
    return Attempt(ending, told.usage, told.model, told.latency_ms, error)


def _garbled(attempt: Attempt, bad: BadAnswer) -> _Result:
    ending = Ending.UNKNOWN if attempt.usage is None else Ending.GARBLED
    attempt = replace(attempt, ending=ending, error="bad-answer")
    return _Result(attempt, fault=Fault(Kind.GARBLED, bad.message, attempt))


def _answers(
    question: Question, texts: Sequence[str], charge: Charge, attempt: Attempt
) -> tuple[Answer, ...]:
    costs = shares(_cost(attempt, charge.price, charge.worst), question.weights)
    usage = attempt.usage
    tokens = shares(usage.input + usage.output if usage else 0, question.weights)
    return tuple(
        Answer(key, text, charge.model, PicoUsd(cost), count, charge.purse.review_id)
        for key, text, cost, count in zip(question.keys, texts, costs, tokens, strict=True)
    )


def _cost(attempt: Attempt, price: Price, worst: PicoUsd) -> PicoUsd:
    """What the ledger will find too: settling comes after the answers are made."""
    return worst if attempt.usage is None else price.cost(attempt.usage)


def shares(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """*total* by *weights*, summing to it exactly; the largest remainders get the rest."""
    parts = weights if sum(weights) > 0 else [1] * len(weights)
    whole = sum(parts)
    floors = [total * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(total * parts[i] % whole), i))
    lucky = set(by_remainder[: total - sum(floors)])
    return tuple(floor + (i in lucky) for i, floor in enumerate(floors))
