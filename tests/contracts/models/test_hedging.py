"""A second route is asked where the first is slow: the first answer counts, both are paid for."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ModelUnavailable
from reviewbot.domain.policy import Data
from reviewbot.models.breaker import State
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience
from reviewbot.models.endpoint import Endpoint
from reviewbot.models.faults import Fault
from reviewbot.models.handle import Handle
from reviewbot.models.router import Router
from reviewbot.review.ports import Ending
from tests.contracts.models.scripted import Reply, Scripted, Waiting, refuses, says
from tests.contracts.models.test_dead_primary import hanging
from tests.contracts.models.test_latency import Slow
from tests.contracts.models.test_streaming import COUNTED, DONE, delta, streams
from tests.contracts.models.world import PROMPT, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger
from tests.fakes.patience import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from reviewbot.models.observation import Observation
    from reviewbot.review.ports import Attempt

LATE = 0.15
_ONLY_ONE = Data(allowed_endpoints=("one",))


class Pair:
    """A router with endpoints one and two, and what it is made of."""

    def __init__(self, router: Router, ledger: FakeLedger) -> None:
        self.router, self.ledger = router, ledger
        self.seen: list[Observation] = []
        router.subscribe(self.seen.append)

    @property
    def attempts(self) -> dict[str, list[Attempt]]:
        """What came of every attempt, by endpoint."""
        wait_for("every grant to be settled", lambda: not self.ledger.open)
        found: dict[str, list[Attempt]] = {"one": [], "two": []}
        for entry in self.ledger.entries:
            found[entry.charge.endpoint].append(entry.attempt)
        return found

    def has_settled(self, endpoint: str) -> bool:
        """Whether an attempt there has come to its end."""
        return any(entry.charge.endpoint == endpoint for entry in self.ledger.entries)


@contextlib.contextmanager
def pair(
    one: str,
    two: str,
    hedge: float | Literal["p95"] | None = LATE,
    seconds: float = 60.0,
    ledger: FakeLedger | None = None,
    *,
    stream: bool = False,
) -> Iterator[Pair]:
    patience = Patience(cheap=seconds, attempts=2, hedge=hedge)
    known = config(
        replace(endpoint("one", one), stream=stream), endpoint("two", two), patience=patience
    )
    kept = ledger or FakeLedger()
    router = Router(known, kept, Clock.real())
    try:
        yield Pair(router, kept)
    finally:
        router.close()


def test_a_slow_route_is_overtaken_and_both_are_accounted_for() -> None:
    with (
        hanging() as slow,
        Scripted(says()).running() as fast,
        pair(slow.url, fast.url) as it,
    ):
        begun = time.monotonic()
        (answer,) = it.router.ask(question(), purse())
        took = time.monotonic() - begun
        attempts = it.attempts
    assert took >= LATE
    assert (attempts["two"][0].ending, attempts["two"][0].error) == (Ending.ANSWERED, "")
    (lost,) = attempts["one"]
    assert (lost.ending, lost.error) == (Ending.UNKNOWN, "overtaken")
    costs = {entry.charge.endpoint: entry.cost for entry in it.ledger.entries}
    worst = {entry.charge.endpoint: entry.charge.worst for entry in it.ledger.entries}
    assert costs["one"] == worst["one"], "nobody knows what it cost"
    assert answer.cost == costs["two"]
    assert {e.charge.endpoint: e.charge.reason for e in it.ledger.entries} == {
        "one": "",
        "two": "hedge",
    }
    assert sorted(each.outcome for each in it.seen) == ["answered", "overtaken"]


def test_a_route_that_answers_after_all_ends_its_rival() -> None:
    with (
        hanging() as slower,
        Waiting(lambda: slower.taken).running() as slow,
        pair(slow.url, slower.url) as it,
    ):
        it.router.ask(question(), purse())
        attempts = it.attempts
        assert dict(it.router.endpoints_status())["two"] is State.CLOSED
    assert attempts["one"][0].ending is Ending.ANSWERED
    assert attempts["two"][0].error == "not-needed"


def test_without_the_setting_nobody_is_overtaken() -> None:
    with (
        Slow(0.4).running() as slow,
        Scripted(says()).running() as fast,
        pair(slow.url, fast.url, hedge=None) as it,
    ):
        it.router.ask(question(), purse())
    assert (len(slow.heard), len(fast.heard)) == (1, 0)


def test_who_answers_in_time_has_no_rival() -> None:
    with (
        Scripted(says()).running() as fast,
        Scripted(says()).running() as spare,
        pair(fast.url, spare.url, hedge=30.0) as it,
    ):
        it.router.ask(question(), purse())
    assert (len(fast.heard), len(spare.heard)) == (1, 0)


def test_both_together_have_one_deadline() -> None:
    with hanging() as one, hanging() as two, pair(one.url, two.url, seconds=0.6) as it:
        with pytest.raises(ModelUnavailable, match="did not answer in time"):
            it.router.ask(question(), purse())
        attempts = it.attempts
    assert [each.error for each in attempts["one"] + attempts["two"]] == ["timeout", "timeout"]
    rivals = [entry.charge for entry in it.ledger.entries if entry.charge.reason == "hedge"]
    assert [each.endpoint for each in rivals] == ["two"], "side by side"


def test_a_rival_s_failure_leaves_the_first_one_its_time() -> None:
    with (
        Waiting(lambda: it.has_settled("two")).running() as slow,
        Scripted(refuses(503)).running() as down,
        pair(slow.url, down.url) as it,
    ):
        (answer,) = it.router.ask(question(), purse())
    assert answer.text
    assert [each.error for each in it.attempts["two"]] == ["http-503"]


def test_the_first_one_s_failure_leaves_its_rival_the_rest() -> None:
    with (
        Waiting(lambda: fine.heard, refuses(500)).running() as slow,
        Waiting(lambda: it.has_settled("one")).running() as fine,
        pair(slow.url, fine.url) as it,
    ):
        it.router.ask(question(), purse())
    assert [each.error for each in it.attempts["one"]] == ["http-500"]
    assert [each.ending for each in it.attempts["two"]] == [Ending.ANSWERED]


def test_a_rival_waits_for_no_money_and_no_place() -> None:
    with (
        Slow(0.5).running() as slow,
        Scripted(says()).running() as fast,
        pair(slow.url, fast.url, ledger=FakeLedger(limit=10**9)) as it,
    ):
        it.router.ask(question(), purse())
    assert len(slow.heard) == 1
    assert not fast.heard, "the limit has room for one reservation"


def test_no_rival_where_the_policy_lets_no_code_go() -> None:
    with (
        Slow(0.5).running() as slow,
        Scripted(says()).running() as fast,
        pair(slow.url, fast.url) as it,
    ):
        it.router.ask(question(), purse(_ONLY_ONE))
    assert not fast.heard


def test_an_answer_that_has_begun_is_waited_for() -> None:
    begins, goes_on = delta("{}"), [": keep-alive"] * 30
    slow = streams(begins, *goes_on, delta("", "stop"), COUNTED, DONE, drip=0.004)
    with (
        Scripted(slow).running() as one,
        Scripted(says()).running() as two,
        pair(one.url, two.url, hedge=3.0, stream=True) as it,
    ):
        it.router.ask(question(), purse())
    assert not two.heard
    (attempt,) = it.attempts["one"]
    assert 0 < attempt.first_token_ms < attempt.latency_ms


def test_who_is_overtaken_again_and_again_is_left_alone() -> None:
    with (
        hanging() as dead,
        Scripted(says()).running() as fast,
        pair(dead.url, fast.url, hedge=0.05) as it,
    ):
        for _ in range(8):
            it.router.ask(question(), purse())
            assert it.attempts, "the slower one is accounted for, however late"
        assert dict(it.router.endpoints_status())["one"] is State.OPEN
        assert [len(each) for each in it.attempts.values()] == [5, 8]


def test_slow_is_what_95_of_100_answers_are_faster_than() -> None:
    with (
        Waiting(lambda: True).running() as one,
        Scripted(says()).running() as two,
        pair(one.url, two.url, hedge="p95") as it,
    ):
        for _ in range(20):
            it.router.ask(question(), purse())
        assert not two.heard
        one.until = lambda: False
        it.router.ask(question(), purse())
    assert len(two.heard) == 1


class _Said(Handle):
    """Ended, once the line stands, by a thread that has not come to shutting it yet."""

    looks = 0

    @property
    def why(self) -> str:
        self.looks += 1
        return "not-needed" if self.looks > 2 else ""  # at the start, and when the line stands

    @why.setter
    def why(self, why: str) -> None:
        pass


def test_what_costs_nothing_was_not_sent() -> None:
    with Scripted(Reply(drop=True)).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        with _Said(), pytest.raises(Fault) as caught:
            speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.close()
    assert (caught.value.attempt.ending is Ending.REFUSED) == (not server.heard)


def test_what_is_ended_before_it_is_sent_costs_nothing() -> None:
    with Scripted(says()).running() as server:
        speaker, handle = Endpoint(endpoint("house", server.url)), Handle()
        handle.end("not-needed")
        with handle, pytest.raises(Fault) as caught:
            speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.close()
    assert caught.value.attempt.ending is Ending.REFUSED
    assert not server.heard
