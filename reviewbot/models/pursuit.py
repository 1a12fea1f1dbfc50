"""The way of one question from route to route: failover, patience, and what is said in the end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import (
    BadAnswer,
    CutOff,
    EndpointDrained,
    EndpointQuarantined,
    ModelRefused,
    ModelUnavailable,
    OutOfMoney,
)
from reviewbot.domain.phrase import Phrase, joined
from reviewbot.models.faults import HUNG, NOT_NEEDED, OVERTAKEN, UNREACHED, Fault, Kind
from reviewbot.models.race import Race, Start
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.errors import ModelError
    from reviewbot.models.attempt import Attempts, Route
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import Patience
    from reviewbot.models.hangs import Hangs
    from reviewbot.review.ports import Answer, Purse, Question

_WILLING = 1  # the reluctance of a route that nothing speaks against
_MOST_LESSONS = 8  # as many as a dialect can learn; each is a request that is refused
SILENT = frozenset({Kind.OVERLOADED, Kind.UNKNOWN_END})  # what a breaker counts
_FINAL = frozenset({Kind.REFUSED, Kind.OUT_OF_MONEY, Kind.UNFIT})


@dataclass(frozen=True, slots=True)
class Means:
    """What every pursuit works with.

    *slow_after* tells after how many seconds a route is slow, None where it is never hedged.
    """

    attempts: Attempts
    clock: Clock
    patience: Patience
    hangs: Hangs
    slow_after: Callable[[Route], float | None]


class Pursuit:
    """Asks one question, by the routes in their order."""

    def __init__(self, routes: Sequence[Route], means: Means) -> None:
        self._routes, self._means = list(routes), means
        self._clock, self._patience, self._hangs = means.clock, means.patience, means.hangs
        self._left = means.patience.attempts
        self._waited = 0.0
        self._lessons = self._garbled = 0
        self._hung: frozenset[str] = frozenset()  # endpoints that the review waited for in vain
        self._again: Route | None = None  # to be asked before all others
        self._rests: dict[int, float] = {}  # until when, by the route's identity
        self._faults: dict[int, Fault] = {}  # each route's last

    def run(self, question: Question, purse: Purse) -> tuple[Answer, ...]:
        """Ask until there is an answer, or no hope of one."""
        self._hung = self._hangs.of(purse.review_id)
        while self._left > 0 and (route := self._next()) is not None:
            for asked, came in self._ask(question, purse, route):
                if not isinstance(came, Fault):
                    return came
                self._faults.pop(id(asked), None)  # the last fault stands last
                self._faults[id(asked)] = came
                self._note(asked, came, is_pack=len(question.keys) > 1)
        raise self._verdict()

    def _ask(
        self, question: Question, purse: Purse, route: Route
    ) -> list[tuple[Route, tuple[Answer, ...] | Fault]]:
        """Ask a route, and a second one where it is slow."""

        def make(to: Route, start: Start) -> tuple[Answer, ...] | Fault:
            return self._make(question, purse, to, start)

        after = self._means.slow_after(route) if self._has_other(route) else None
        if after is None or after >= self._patience.total(question.tier):
            return [(route, make(route, Start()))]
        route.endpoint.get_ready()  # or what the first request takes to set up would look slow
        return Race(make).run(route, lambda: self._rival(route), after)

    def _rival(self, first: Route) -> Route | None:
        """The next route, at another endpoint, that may be asked right now."""
        for route in self._routes:
            is_other = route.config.endpoint != first.config.endpoint
            if is_other and self._reluctance(route) == _WILLING and self._delay(route) <= 0:
                return route
        return None

    def _make(
        self, question: Question, purse: Purse, route: Route, start: Start
    ) -> tuple[Answer, ...] | Fault:
        try:
            answers = self._means.attempts.make(question, purse, route, start)
        except Fault as fault:
            self._tell_breaker(purse, route, fault)
            if fault.exhausted is not None:  # said as the ledger says it: no route has more room
                raise fault.exhausted from fault
            return fault
        except EndpointQuarantined as error:
            route.breaker.left()
            attempt = Attempt(Ending.REFUSED, error="quarantined")
            return Fault(Kind.REFUSED, str(error), attempt)
        except EndpointDrained as error:
            route.breaker.left()
            return Fault(Kind.DRAINED, str(error), Attempt(Ending.REFUSED, error="drained"))
        except BaseException:
            route.breaker.left()
            raise
        route.breaker.succeeded()
        return answers

    def _tell_breaker(self, purse: Purse, route: Route, fault: Fault) -> None:
        """An endpoint that hangs costs a whole deadline: where there is another, once is enough."""
        error = fault.attempt.error
        if error == NOT_NEEDED:
            route.breaker.left()
        elif fault.kind not in SILENT and error != OVERTAKEN:
            route.breaker.succeeded()
        elif error in {HUNG, UNREACHED} and self._has_other(route):
            self._hangs.note(purse.review_id, route.config.endpoint)
            route.breaker.tripped()
        else:
            route.breaker.failed()

    def _has_other(self, route: Route) -> bool:
        return any(each.config.endpoint != route.config.endpoint for each in self._routes)

    def _note(self, route: Route, fault: Fault, *, is_pack: bool) -> None:
        """Decide what a fault means for the next attempt.

        What was cut off, or garbled about several chunks, is better asked in smaller parts;
        that is for the asker to do.
        """
        self._again = None
        match fault.kind:
            case Kind.UNFIT if self._lessons < _MOST_LESSONS:
                self._lessons += 1
                self._again = route
            case Kind.GARBLED if self._garbled == 0 and not is_pack:
                self._garbled += 1
                self._left -= 1
                self._again = route
            case Kind.GARBLED | Kind.CUT_OFF:
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
            for route in sorted(self._routes, key=self._reluctance):
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

    def _reluctance(self, route: Route) -> int:
        """Routes of the same reluctance keep their order."""
        if route is self._again:
            return 0
        if route.config.endpoint in self._hung:
            return 3
        return 2 if route.breaker.is_doubtful else _WILLING

    def _delay(self, route: Route) -> float:
        """Seconds until the route may be asked; 0 lets its breaker count this attempt."""
        rest = self._rests.get(id(route), 0.0) - self._clock.monotonic()
        return rest if rest > 0 else route.breaker.enter()

    def _verdict(self) -> ModelError:
        """What the asker hears in the end."""
        faults = list(self._faults.values())
        if not faults:
            names = ", ".join(dict.fromkeys(route.config.endpoint for route in self._routes))
            message = Phrase("{names} failed repeatedly and is left alone for a while", names=names)
            return ModelUnavailable(message, "the next review asks again")
        last = faults[-1]
        message = joined(dict.fromkeys(fault.message for fault in faults), "; ")
        if last.kind is Kind.CUT_OFF:
            return CutOff(last.message)
        if last.kind is Kind.GARBLED:
            return BadAnswer(last.message)
        if self._routes or any(fault.kind not in _FINAL for fault in faults):
            return ModelUnavailable(message)
        if last.kind is Kind.OUT_OF_MONEY:
            return OutOfMoney(message, "top the account up, or raise its limit")
        return ModelRefused(message, "`reviewbot doctor` tells more")
