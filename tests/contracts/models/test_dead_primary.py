"""A primary that hangs costs a review one deadline, and the reviews after it nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ModelUnavailable
from reviewbot.domain.policy import Data
from reviewbot.models.breaker import State
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience
from reviewbot.models.router import Router
from tests.contracts.models.scripted import Scripted, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger
from tests.fakes.patience import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 2.0  # in which who answers has done so, on a busy machine too
_ALIVE = Data(allowed_endpoints=("alive",))
PATIENCE = Patience(cheap=DEADLINE)


class Hanging:
    """Takes connections and never answers."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        self.taken: list[socket.socket] = []

    def take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self._listening.accept()[0])


@contextlib.contextmanager
def hanging() -> Iterator[Hanging]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Hanging(listening)
        thread = threading.Thread(target=server.take)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in server.taken:
                line.close()


@contextlib.contextmanager
def full() -> Iterator[str]:
    """The address of a server whose queue of connections is full."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - as sockets have it
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@contextlib.contextmanager
def pair(clock: Clock) -> Iterator[tuple[Router, Hanging, FakeLedger]]:
    """A router whose first endpoint hangs and whose second one answers."""
    with hanging() as dead, Scripted(says()).running() as alive:
        ledger = FakeLedger()
        known = config(endpoint("dead", dead.url), endpoint("alive", alive.url), patience=PATIENCE)
        router = Router(known, ledger, clock)
        router.ask(question(), replace(purse(), review_id="warm-up", data=_ALIVE))
        yield router, dead, ledger
        router.close()


def test_a_review_waits_for_it_once() -> None:
    with pair(Clock.real()) as (router, dead, ledger):
        begun = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(router.ask, question(), purse()) for _ in range(12)]
            assert all(each.result() for each in asked)
        took = time.monotonic() - begun
        assert took >= DEADLINE
        assert len(dead.taken) <= 4, "only what was under way when the first deadline passed"
        assert dict(router.endpoints_status())["dead"] is State.OPEN
        assert len(ledger.entries) == 13 + len(dead.taken), "every attempt is in the ledger"


def test_the_reviews_after_it_do_not_wait_at_all() -> None:
    hours = Hours()
    with pair(hours.clock) as (router, dead, _):
        router.ask(question(), purse())
        assert len(dead.taken) == 1
        hours.seconds += 3_600.0
        assert dict(router.endpoints_status())["dead"] is State.HALF_OPEN
        router.ask(question(), purse())
        router.ask(question(), replace(purse(), review_id="another"))
        assert len(dead.taken) == 1


def test_one_that_lets_nobody_in_is_waited_for_once_too() -> None:
    """As a firewall does that drops packets: nothing is refused, and nobody connects."""
    with full() as url, Scripted(says()).running() as alive:
        ledger, clock = FakeLedger(), Hours().clock
        known = config(endpoint("dead", url), endpoint("alive", alive.url), patience=PATIENCE)
        router = Router(known, ledger, clock)
        for n in range(3):
            router.ask(question(), replace(purse(), review_id=f"review-{n}"))
        router.close()
    errors = [entry.attempt.error for entry in ledger.entries]
    assert errors == ["connect-timeout", "", "", ""]


def test_a_lone_endpoint_that_hangs_is_asked_again() -> None:
    with hanging() as dead:
        patience = replace(PATIENCE, cheap=0.5)
        alone = config(endpoint("dead", dead.url), patience=patience)
        router = Router(alone, FakeLedger(), Hours().clock)
        with pytest.raises(ModelUnavailable, match="did not answer in time"):
            router.ask(question(), purse())
        router.close()
        wait_for("all attempts", lambda: len(dead.taken) == PATIENCE.attempts)
