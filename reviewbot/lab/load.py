"""Puts the same load on several targets at the same time, and measures every request."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from reviewbot.domain.money import NOTHING, PicoUsd
from reviewbot.lab.profile import prompt_for, worst_of
from reviewbot.models.faults import Fault, Kind
from reviewbot.models.handle import Handle
from reviewbot.review.ports import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.money import Price, Usage
    from reviewbot.lab.profile import Profile, Target
    from reviewbot.models.streaming import Streamed
    from reviewbot.review.ports import Prompt

_MOST_LESSONS = 8  # requests refused for a parameter before the endpoint's dialect is known
_INTERRUPTED = "interrupted"
_LAG_STEP = 0.005  # seconds
_POINTLESS = frozenset({Kind.OUT_OF_MONEY, Kind.REFUSED})  # at warm-up: the rest would fail too


@dataclass(frozen=True, slots=True)
class Sample:
    """One request; *begun* is in seconds of the run. *error* is empty where it was answered."""

    number: int
    begun: float
    total: float
    error: str = ""
    answer: Streamed | None = None
    usage: Usage | None = None
    cost: PicoUsd = NOTHING
    presumed: bool = False  # nobody counted, so the worst case is taken


@dataclass(frozen=True, slots=True)
class Series:
    """A target's measured requests. *stopped* says why there are fewer than asked for.

    *warm_up_cost* is that of all others: those before, and those under way when it was stopped.
    """

    target: str
    samples: tuple[Sample, ...]
    warm_up_cost: PicoUsd
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured. *lags* are delays of this machine itself, in seconds."""

    series: tuple[Series, ...]
    seconds: float
    lags: tuple[float, ...]
    interrupted: bool = False


class Watcher(Protocol):
    """Is told of progress."""

    def advances(self, target: str) -> None:
        """One of a target's requests is over."""

    def stops(self, target: str, why: str) -> None:
        """A target gets no more requests."""


def load(targets: Sequence[Target], profile: Profile, watcher: Watcher) -> Run:
    """Warm every target up, then load all of them side by side.

    Ctrl-C ends what is under way at once; what was measured until then is told.
    """
    lanes = [_Lane(target, profile, watcher) for target in targets]
    workers, lags = len(lanes) * profile.concurrency, list[float]()
    begun, interrupted = time.monotonic(), False
    with ThreadPoolExecutor(workers, "load") as pool:
        try:
            list(pool.map(_Lane.warm_up, lanes))
            begun = time.monotonic()
            with _lags(lags):
                jobs = [pool.submit(lane.work, begun) for lane in lanes * profile.concurrency]
                for job in jobs:
                    job.result()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            seconds = time.monotonic() - begun
            for lane in lanes:
                lane.interrupt()
    return Run(tuple(lane.series() for lane in lanes), seconds, tuple(lags), interrupted)


class _Lane:
    """One target's requests, drawn by several threads."""

    def __init__(self, target: Target, profile: Profile, watcher: Watcher) -> None:
        self._target, self._profile, self._watcher = target, profile, watcher
        self._numbers = itertools.count()
        self._samples: list[Sample] = []
        self._warm_up_cost = NOTHING
        self._stopped = ""
        self._interrupted = False
        self._under_way: set[Handle] = set()
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Learn the endpoint's parameters; a target that refuses is not loaded at all."""
        for number in range(self._profile.warm_up):
            sample, kind = self._ask(self._profile.requests + number, time.monotonic())
            self._warm_up_cost = PicoUsd(self._warm_up_cost + sample.cost)
            if kind in _POINTLESS:
                self.stop(f"not loaded: {sample.error} at warm-up")

    def work(self, begun: float) -> None:
        """Ask, one request after the other, until none is left."""
        while (number := self._next()) is not None:
            sample, kind = self._ask(number, begun)
            with self._lock:
                if self._interrupted:  # its time says nothing, but it may be billed
                    self._warm_up_cost = PicoUsd(self._warm_up_cost + sample.cost)
                    return
                self._samples.append(sample)
            if kind is Kind.OUT_OF_MONEY:
                self.stop("the account is out of money")
            self._watcher.advances(self._target.name)

    def stop(self, why: str) -> None:
        """Ask no more; the first reason counts, and none once all was asked."""
        with self._lock:
            if self._stopped or len(self._samples) == self._profile.requests:
                return
            self._stopped = why
        self._watcher.stops(self._target.name, why)

    def interrupt(self) -> None:
        """Ask no more, and end what is under way."""
        self.stop(_INTERRUPTED)
        with self._lock:
            self._interrupted = True
            under_way = list(self._under_way)
        for handle in under_way:
            handle.end(_INTERRUPTED)

    def series(self) -> Series:
        """What was measured, in order of the requests."""
        samples = tuple(sorted(self._samples, key=lambda sample: sample.number))
        return Series(self._target.name, samples, self._warm_up_cost, self._stopped)

    def _next(self) -> int | None:
        with self._lock:
            if self._stopped:
                return None
            number = next(self._numbers)
        return number if number < self._profile.requests else None

    def _ask(self, number: int, run_begun: float) -> tuple[Sample, Kind | None]:
        """One measured request, after those that only taught the endpoint's parameters."""
        prompt = prompt_for(number, self._profile)
        worst = worst_of(self._target, prompt, self._profile)
        sample, kind = self._send(number, prompt, worst)
        for _ in range(_MOST_LESSONS):
            if kind is not Kind.UNFIT:
                break
            sample, kind = self._send(number, prompt, worst)
        if sample.cost > worst:  # the bound of the run rests on the bound of each request
            self.stop("a request was billed above its bound")
        return replace(sample, begun=sample.begun - run_begun), kind

    def _send(self, number: int, prompt: Prompt, worst: PicoUsd) -> tuple[Sample, Kind | None]:
        profile, target = self._profile, self._target
        handle = self._handle()
        begun = time.monotonic()
        try:
            with handle:
                answer = target.streamer.stream(
                    target.upstream, prompt, profile.output_tokens, profile.seconds, profile.connect
                )
        except Fault as fault:
            took = time.monotonic() - begun
            return _failed(number, begun, took, fault, target.price, worst), fault.kind
        finally:
            self._under_way.discard(handle)
        return _answered(number, begun, answer, target.price, worst), None

    def _handle(self) -> Handle:
        handle = Handle()
        with self._lock:
            self._under_way.add(handle)
            if self._interrupted:
                handle.end(_INTERRUPTED)
        return handle


def _answered(number: int, begun: float, answer: Streamed, price: Price, worst: PicoUsd) -> Sample:
    counted = answer.usage is not None
    cost = price.cost(answer.usage) if answer.usage is not None else worst
    return Sample(number, begun, answer.total, "", answer, answer.usage, cost, not counted)


def _failed(
    number: int, begun: float, took: float, fault: Fault, price: Price, worst: PicoUsd
) -> Sample:
    attempt = fault.attempt
    if attempt.usage is not None:
        cost, presumed = price.cost(attempt.usage), False
    else:
        presumed = attempt.ending is not Ending.REFUSED
        cost = worst if presumed else NOTHING
    return Sample(number, begun, took, attempt.error, None, attempt.usage, cost, presumed)


@contextmanager
def _lags(late: list[float]) -> Iterator[None]:
    """How late this machine wakes a thread that waits, again and again: its own part in times."""
    over = threading.Event()

    def sample() -> None:
        due = time.monotonic() + _LAG_STEP
        while not over.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            late.append(now - due)
            due = now + _LAG_STEP

    thread = threading.Thread(target=sample, name="lag", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
