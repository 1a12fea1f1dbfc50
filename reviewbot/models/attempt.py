"""One HTTP attempt as the ledger sees it: reserved, sent, settled once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.egress import Egress
from reviewbot.domain.errors import BadAnswer, ModelUnavailable
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.question import MESSAGES
from reviewbot.models.config import Billing
from reviewbot.models.faults import NOT_NEEDED, OVERTAKEN, Fault, Kind
from reviewbot.models.observation import ANSWERED, Observation
from reviewbot.models.race import Start
from reviewbot.review.ports import Answer, Attempt, Charge, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.models.breaker import Breaker
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import EndpointConfig, Patience, RouteConfig
    from reviewbot.models.endpoint import Endpoint, Told
    from reviewbot.review.ports import Grant, Ledger, Purse, Question

_WRAPPING = 512  # bytes of a request's body around the prompt's texts
HEDGE = "hedge"  # the reason of a late attempt in the ledger
SHADOW = "shadow"  # that of a question whose answer is only compared


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

    def make(
        self, question: Question, purse: Purse, route: Route, start: Start | None = None
    ) -> tuple[Answer, ...]:
        """Ask once; raises Fault, BudgetExhausted, or what the ledger raises.

        What no review waits for (a hedge, a shadow) waits for nothing: neither place nor money.
        """
        start = start or Start()
        _check_place(question, purse, route)
        with self._place(waits=_is_wanted(question, start)):
            grant = self._ledger.reserve(self._charge(question, purse, route, start))
            question.granted()
            try:
                result = _unless_ended(self._send(question, grant, route, start), start)
            except BaseException:
                self._ledger.settle(grant, Attempt(Ending.UNKNOWN, error="interrupted"))
                raise
            self._ledger.settle(grant, result.attempt, result.answers)
        self._hears(_seen(route, result))
        if result.fault is not None:
            raise result.fault
        return result.answers

    @contextmanager
    def _place(self, *, waits: bool) -> Iterator[None]:
        if not self._places.acquire(blocking=waits):
            message = "there is no place for a call that can be done without"
            raise ModelUnavailable(message)
        try:
            yield
        finally:
            self._places.release()

    def _charge(self, question: Question, purse: Purse, route: Route, start: Start) -> Charge:
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
            worst=dearest.worst_case(size, MESSAGES, question.output_cap),
            lease_seconds=self._patience.total(question.tier) + self._patience.lease_margin,
            label=question.label,
            reason="; ".join(filter(None, [question.reason, HEDGE if start.late else ""])),
            egress=Egress.of(question.prompt.system, question.prompt.user),
            waits=_is_wanted(question, start),
            by_report=route.endpoint.config.billing is Billing.REPORTED,
        )

    def _send(self, question: Question, grant: Grant, route: Route, start: Start) -> _Result:
        seconds = max(0.001, self._patience.total(question.tier) - start.late)
        try:
            with start.handle:
                told = route.endpoint.ask(
                    route.config.upstream,
                    question.prompt,
                    question.output_cap,
                    seconds,
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


def _is_wanted(question: Question, start: Start) -> bool:
    return not start.late and question.reason != SHADOW


def allows(question: Question, purse: Purse, place: EndpointConfig) -> bool:
    """Whether the policy, and the files that a question is about, let code go to a place."""
    if place.is_companion:  # it knows the policy, but not which files a question is about
        return question.data is None
    limits = (data for data in (purse.data, question.data) if data is not None)
    return all(data.allows(place.name, place.jurisdiction) for data in limits)


def _check_place(question: Question, purse: Purse, route: Route) -> None:
    """The last look before code leaves, whoever chose the route."""
    place = route.endpoint.config
    if not allows(question, purse, place):
        message = Phrase("the policy lets no code go to {endpoint}", endpoint=place.name)
        raise Fault(Kind.REFUSED, message, Attempt(Ending.REFUSED, error="jurisdiction"))


def _unless_ended(result: _Result, start: Start) -> _Result:
    """Who was given up has no answer, even where it came; it is paid for all the same."""
    why = start.handle.why
    if why not in {OVERTAKEN, NOT_NEEDED}:
        return result
    attempt = replace(result.attempt, error=why)
    return _Result(
        attempt, fault=Fault(Kind.OVERTAKEN, f"another route was faster ({why})", attempt)
    )


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
        first_token=attempt.first_token_ms / 1000,
        cached=attempt.usage.cached if attempt.usage else 0,
    )


def _answered(told: Told) -> Attempt:
    """Without usage the answer is as good, but its cost is presumed."""
    ending, error = (Ending.UNKNOWN, "no-usage") if told.usage is None else (Ending.ANSWERED, "")
    times = told.latency_ms, error, told.first_token_ms
    return Attempt(ending, told.usage, told.model, *times, told.reported)


def _garbled(attempt: Attempt, bad: BadAnswer) -> _Result:
    ending = Ending.UNKNOWN if attempt.usage is None else Ending.GARBLED
    attempt = replace(attempt, ending=ending, error="bad-answer")
    return _Result(attempt, fault=Fault(Kind.GARBLED, bad.message, attempt))


def _answers(
    question: Question, texts: Sequence[str], charge: Charge, attempt: Attempt
) -> tuple[Answer, ...]:
    costs = shares(charge.cost(attempt), question.weights)
    usage = attempt.usage
    tokens = shares(usage.input + usage.output if usage else 0, question.weights)
    return tuple(
        Answer(key, text, charge.model, PicoUsd(cost), count, charge.purse.review_id)
        for key, text, cost, count in zip(question.keys, texts, costs, tokens, strict=True)
    )


def shares(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """*total* by *weights*, summing to it exactly; the largest remainders get the rest."""
    parts = weights if sum(weights) > 0 else [1] * len(weights)
    whole = sum(parts)
    floors = [total * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(total * parts[i] % whole), i))
    lucky = set(by_remainder[: total - sum(floors)])
    return tuple(floor + (i in lucky) for i, floor in enumerate(floors))
