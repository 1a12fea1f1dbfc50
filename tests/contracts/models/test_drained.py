"""Routes to an endpoint that an administrator took out of service."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ModelUnavailable
from reviewbot.ledger.database import open_database
from reviewbot.ledger.drains import drain
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.quarantine import release
from reviewbot.models.breaker import State
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience
from reviewbot.models.router import Router
from reviewbot.review.words import in_language
from reviewbot.runtime.health import HealthChecks
from tests.contracts.models.scripted import Reply, Scripted, refuses, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question
from tests.fakes.patience import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    migrate(opened)
    yield opened
    opened.close()


@contextmanager
def routed(
    database: Database, *replies: Reply, clock: Clock | None = None, hedge: float | None = None
) -> Iterator[tuple[Router, list[Scripted]]]:
    """A router with a route to an endpoint for each reply, named one, two…"""
    with ExitStack() as stack:
        servers = [stack.enter_context(Scripted(reply).running()) for reply in replies]
        places = [
            endpoint(name, server.url)
            for name, server in zip(("one", "two"), servers, strict=False)
        ]
        routes = replace(config(*places), patience=Patience(cheap=PATIENCE, hedge=hedge))
        ledger = SqlLedger(database, patience=0)
        router = Router(routes, ledger, clock or Hours().clock)
        stack.callback(router.close)
        yield router, servers


def test_the_next_route_is_asked_from_that_moment_on(database: Database) -> None:
    with routed(database, says(), says()) as (router, [one, two]):
        router.ask(question(), purse())
        drain(database, "one", "ada", "maintenance")
        router.ask(question(), purse())
        assert (len(one.heard), len(two.heard)) == (1, 1)
        release(database, "one", "ada", "it is over")
        router.ask(question(), purse())
        assert (len(one.heard), len(two.heard)) == (2, 1)


def test_it_takes_no_attempt_from_the_others(database: Database) -> None:
    hours = Hours()
    with routed(database, says(), refuses(500), clock=hours.clock) as (router, [one, two]):
        drain(database, "one", "ada", "maintenance")
        with pytest.raises(ModelUnavailable):
            router.ask(question(), purse())
        assert (len(one.heard), len(two.heard)) == (0, Patience().attempts)
        assert dict(router.endpoints_status())["one"] is State.CLOSED


def test_where_every_route_is_out_of_service_it_ends_as_if_they_were_down(
    database: Database,
) -> None:
    hours = Hours()
    with routed(database, says(), says(), clock=hours.clock) as (router, servers):
        for name in ("one", "two"):
            drain(database, name, "ada", "maintenance")
        with pytest.raises(ModelUnavailable) as caught:
            router.ask(question(), purse())
    assert [server.heard for server in servers] == [[], []]
    assert hours.slept == []
    assert str(caught.value) == (
        "an administrator took one out of service; an administrator took two out of service"
    )
    assert "Administrator" in in_language("de").told(caught.value.message)


def test_a_slow_endpoint_gets_no_rival_that_is_out_of_service(database: Database) -> None:
    drain(database, "two", "ada", "maintenance")
    slow = replace(says(), drip=0.002)
    with routed(database, slow, says(), clock=Clock.real(), hedge=0.01) as (router, [one, two]):
        [answer] = router.ask(question(), purse())
        assert answer.text
        assert (len(one.heard), len(two.heard)) == (1, 0)


def test_probes_leave_it_alone(database: Database) -> None:
    with routed(database, says(), says(), clock=Clock.real()) as (router, [one, two]):
        health = HealthChecks(router, 0.06, drained=lambda: {"one"})
        health.start()
        wait_for("two probes", lambda: len(two.heard) >= 2)
        health.stop()
        assert one.heard == []
