"""The route that answers soonest, live probes, availability."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest

from reviewbot.domain.errors import ModelError, ModelUnavailable
from reviewbot.models.breaker import State
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience, Routing
from reviewbot.models.router import Router
from reviewbot.runtime.health import HealthChecks
from reviewbot.runtime.metrics import Metrics
from tests.contracts.models.scripted import Heard, Reply, Scripted, refuses, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger
from tests.fakes.patience import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.models.observation import Observation


class Slow(Scripted):
    """Answers after a while."""

    def __init__(self, seconds: float, reply: Reply | None = None) -> None:
        super().__init__(reply or says())
        self.seconds = seconds

    def reply_to(self, heard: Heard) -> Reply:
        time.sleep(self.seconds if heard.method == "POST" else 0.0)
        return super().reply_to(heard)


def posted(server: Scripted) -> int:
    return sum(each.method == "POST" for each in server.heard)


@contextlib.contextmanager
def regions(*servers: Scripted, clock: Clock, attempts: int = 3) -> Iterator[Router]:
    """Endpoints one, two, … in regions of their own, the model routed by latency."""
    names = ("one", "two")
    with contextlib.ExitStack() as stack:
        endpoints = [
            replace(endpoint(name, stack.enter_context(server.running()).url), region=f"r-{name}")
            for name, server in zip(names, servers, strict=False)
        ]
        known = config(*endpoints, patience=Patience(attempts=attempts))
        models = tuple(replace(each, routing=Routing.LATENCY) for each in known.models)
        router = Router(replace(known, models=models), FakeLedger(), clock)
        stack.callback(router.close)
        yield router


def test_every_region_is_measured_and_the_fastest_one_asked_from_then_on() -> None:
    far, near = Slow(2.0), Slow(0.0)
    with regions(far, near, clock=Clock.real()) as router:
        router.ask(question(), purse())
        assert (posted(far), posted(near)) == (1, 0)
        for _ in range(5):
            router.ask(question(), purse())
    assert (posted(far), posted(near)) == (1, 5)


def test_an_old_measurement_is_taken_again() -> None:
    one, two = Slow(1.5), Slow(0.0)
    hours = Hours()
    real = Clock.real().monotonic
    clock = replace(hours.clock, monotonic=lambda: real() + hours.seconds)
    with regions(one, two, clock=clock) as router:
        for _ in range(3):
            router.ask(question(), purse())
        hours.seconds += 1_000.0
        router.ask(question(), purse())
    assert posted(one) == 2


def test_only_what_is_idle_or_left_alone_is_probed() -> None:
    hours = Hours()
    with regions(Scripted(says()), Scripted(says()), clock=hours.clock) as router:
        assert router.neglected(30.0) == ["one", "two"]
        for name in router.neglected(30.0):
            router.look_after(name, 3.0)
        assert router.neglected(30.0) == []
        hours.seconds += 29.0
        router.ask(question(), purse())
        hours.seconds += 2.0
        assert router.neglected(30.0) == ["two"]


def test_a_live_probe_brings_an_endpoint_back_from_its_rest() -> None:
    hours = Hours()
    first = Scripted(*[refuses(500)] * 5, says())
    with regions(first, Scripted(says()), clock=hours.clock) as router:
        for _ in range(8):
            router.ask(question(), purse())
        assert dict(router.endpoints_status())["one"] is State.OPEN
        hours.seconds += 60.0
        router.ask(question(), purse())
        assert posted(first) == 5, "no question is spent on finding out"
        router.look_after("one", 3.0)
        router.ask(question(), purse())
        assert posted(first) == 6
        assert dict(router.endpoints_status())["one"] is State.CLOSED


def test_an_endpoint_that_lists_no_models_comes_back_too() -> None:
    hours = Hours()
    first = Scripted(*[refuses(500)] * 5, refuses(403), says())
    with regions(first, Scripted(says()), clock=hours.clock) as router:
        for _ in range(8):
            router.ask(question(), purse())
        hours.seconds += 60.0
        router.look_after("one", 3.0)
        router.ask(question(), purse())
        assert dict(router.endpoints_status())["one"] is State.CLOSED


def test_probes_that_fail_open_the_breaker_of_an_idle_endpoint() -> None:
    with regions(Scripted(refuses(503)), clock=Hours().clock) as router:
        for _ in range(5):
            router.look_after("one", 3.0)
        assert dict(router.endpoints_status())["one"] is State.OPEN


def test_attempts_are_counted_by_endpoint_and_region() -> None:
    with regions(Scripted(refuses(503)), Scripted(says()), clock=Hours().clock) as router:
        metrics = Metrics()
        router.subscribe(metrics.models.call)
        for _ in range(4):
            router.ask(question(), purse())
    said = generate_latest(metrics.registry).decode()
    assert 'model_calls_total{endpoint="one",outcome="overloaded",region="r-one"} 4.0' in said
    assert 'model_calls_total{endpoint="two",outcome="answered",region="r-two"} 4.0' in said
    assert 'model_seconds_count{endpoint="two",region="r-two"} 4.0' in said


def test_availability_counts_what_is_the_endpoints_fault(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    hours = Hours()
    script = [*[says()] * 18, refuses(401), *[refuses(500)] * 2, says()]
    with regions(Scripted(*script), clock=hours.clock, attempts=1) as router:
        health = HealthChecks(router, 30.0, sla=99.5)
        for _ in range(21):
            assert router.availabilities() == [("one", "r-one", None)], "too few to tell"
            health.compare()
            with contextlib.suppress(ModelError):
                router.ask(question(), purse())
        assert router.availabilities() == [("one", "r-one", 0.9)]
        health.compare()
        health.compare()
        hours.seconds += 3_000.0
        for _ in range(20):
            router.ask(question(), purse())
        hours.seconds += 1_000.0
        health.compare()
    said = [record.getMessage() for record in caplog.records if record.name.startswith("reviewbot")]
    assert said == ["availability is below the SLA", "the SLA is met again"]


def test_health_checks_run_until_they_are_stopped() -> None:
    server = Scripted(says())
    with regions(server, clock=Clock.real()) as router:
        health = HealthChecks(router, 0.06)
        health.start()
        wait_for("two probes", lambda: len(server.heard) >= 2)
        health.stop()
        probes = len(server.heard)
        time.sleep(0.1)
        assert len(server.heard) == probes
    assert {each.method for each in server.heard} == {"GET"}


def test_an_observer_hears_of_every_attempt() -> None:
    heard: list[Observation] = []
    with regions(Scripted(refuses(500)), clock=Hours().clock, attempts=2) as router:
        router.subscribe(heard.append)
        with pytest.raises(ModelUnavailable):
            router.ask(question(), purse())
    assert [each.outcome for each in heard] == ["overloaded", "overloaded"]
