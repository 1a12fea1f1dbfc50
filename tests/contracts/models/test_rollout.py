"""Shares of the questions by weight, and shadows that are paid for and never used."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import SpendingStopped
from reviewbot.domain.finding import Tier
from reviewbot.domain.policy import Data
from reviewbot.models.config import ModelConfig, Patience, RouteConfig, RouterConfig
from reviewbot.models.rollout import Rollout
from reviewbot.models.router import Router
from tests.contracts.models.scripted import Reply, Scripted, Waiting, refuses, says
from tests.contracts.models.world import PRICE, Hours, endpoint, purse, question
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.models.comparison import Comparison
    from reviewbot.review.ports import Charge, Grant

NOTHING = '{"findings":[],"risk":0}'
ONE = '{"findings":[{"side":"RIGHT","start_line":1,"end_line":1}],"risk":0}'


class Stage:
    """A tier of models a and b at endpoints of their own."""

    def __init__(self, config: RouterConfig, ledger: FakeLedger) -> None:
        self.config, self.ledger = config, ledger
        self.router = Router(config, ledger, Hours().clock)
        self.rollout = Rollout(self.router, config)
        self.compared: list[Comparison] = []
        self.rollout.subscribe(self.compared.append)

    def ask(self, key: str, data: Data | None = None) -> list[str]:
        asked = replace(question(), keys=(key,))
        answers = self.rollout.ask(asked, purse(data))
        self.rollout.close()  # shadows are asked beside, and nobody else waits for them
        return [answer.model for answer in answers]


@contextlib.contextmanager
def stage(a: ModelConfig, b: ModelConfig, *replies: Reply, limit: int = 10**18) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Scripted(reply).running()) for reply in replies]
        endpoints = tuple(
            endpoint(name, server.url, name) for name, server in zip("ab", servers, strict=True)
        )
        config = RouterConfig(endpoints, (a, b), ("a", "b"), patience=Patience())
        built = Stage(config, FakeLedger(limit))
        stack.callback(built.router.close)
        yield built


def model(name: str, weight: float | None = None, shadow: float = 0.0) -> ModelConfig:
    routes = (RouteConfig(name, "small", PRICE),)
    return ModelConfig(name, routes, weight=weight, shadow=shadow)


def test_a_model_gets_its_share_and_a_review_that_is_started_again_asks_the_same() -> None:
    with stage(model("a", 60.0), model("b"), says(NOTHING), says(NOTHING)) as it:
        asked = {f"k{n}": it.ask(f"k{n}") for n in range(60)}
        again = {key: it.ask(key) for key in asked}
    assert asked == again
    counts = Counter(name for names in asked.values() for name in names)
    assert 24 <= counts["a"] <= 48


def test_the_other_models_stand_in_for_one_that_cannot_answer() -> None:
    with stage(model("a", 100.0), model("b"), refuses(401), says(NOTHING)) as it:
        assert it.ask("k") == ["b"]


def test_weights_move_no_code_where_the_policy_forbids_it() -> None:
    with stage(model("a", 100.0), model("b"), says(NOTHING), says(NOTHING)) as it:
        assert it.ask("k", Data(allowed_jurisdictions=("b",))) == ["b"]


def test_a_shadow_is_asked_compared_and_paid_for_but_never_used() -> None:
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(ONE)) as it:
        assert list(it.rollout.models(Tier.CHEAP)) == ["a"]
        assert it.ask("k") == ["a"]
        (compared,) = it.compared
        assert (compared.both, compared.only_main, compared.only_shadow) == (0, 0, 1)
        assert [(e.charge.model, e.charge.reason) for e in it.ledger.entries] == [
            ("a", ""),
            ("b", "shadow"),
        ]
        assert it.ledger.known(["k"], it.rollout.models(Tier.CHEAP))["k"].model == "a"


def test_a_shadow_gets_its_share() -> None:
    with stage(model("a"), model("b", shadow=0.25), says(NOTHING), says(NOTHING)) as it:
        for n in range(80):
            it.ask(f"k{n}")
    assert 10 <= len(it.compared) <= 32


@pytest.mark.parametrize("reply", [refuses(401), says("no json")])
def test_a_shadow_that_fails_changes_nothing(reply: Reply) -> None:
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), reply) as it:
        assert it.ask("k") == ["a"]
    assert [each.answered for each in it.compared] == [False]


def test_nobody_waits_for_a_shadow() -> None:
    with contextlib.ExitStack() as stack:
        fast = stack.enter_context(Scripted(says(NOTHING)).running())
        let_go = threading.Event()
        slow = stack.enter_context(Waiting(let_go.is_set, says(NOTHING)).running())
        endpoints = (endpoint("a", fast.url), endpoint("b", slow.url))
        models = (model("a"), model("b", shadow=1.0))
        config = RouterConfig(endpoints, models, ("a", "b"), patience=Patience())
        it = Stage(config, FakeLedger())
        stack.callback(it.router.close)
        it.rollout.ask(question(), purse())
        assert not it.compared
        let_go.set()
        it.rollout.close()
        assert [each.answered for each in it.compared] == [True]


def test_a_shadow_that_may_not_be_paid_for_leaves_the_answer_alone() -> None:
    class Stopped(FakeLedger):
        """Spending was stopped after the answer."""

        def reserve(self, charge: Charge) -> Grant:
            if charge.reason == "shadow":
                message = "spending is stopped"
                raise SpendingStopped(message)
            return super().reserve(charge)

    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(NOTHING)) as probe:
        config = probe.config
        it = Stage(config, Stopped())
        assert it.ask("k") == ["a"]
        it.router.close()
    assert [each.answered for each in it.compared] == [False]


def test_shadows_wait_for_no_money() -> None:
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(NOTHING)) as it:
        it.ask("k")
    waits = {entry.charge.model: entry.charge.waits for entry in it.ledger.entries}
    assert waits == {"a": True, "b": False}


def test_a_shadow_never_stands_in_for_another() -> None:
    with (
        stage(model("a"), model("b", shadow=1.0), refuses(401), says(NOTHING)) as it,
        pytest.raises(Exception, match="API key"),
    ):
        it.ask("k")
    assert not it.compared


def test_a_shadow_falls_under_the_same_budget() -> None:
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(NOTHING)) as probe:
        probe.ask("k")
        first = probe.ledger.entries[0]
    limit = first.charge.worst + 1
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(NOTHING), limit=limit) as it:
        assert it.ask("k") == ["a"]
    assert [each.answered for each in it.compared] == [False]
    assert it.ledger.spent <= limit


def test_a_shadow_gets_no_code_that_the_policy_keeps_from_it() -> None:
    with stage(model("a"), model("b", shadow=1.0), says(NOTHING), says(NOTHING)) as it:
        it.ask("k", Data(allowed_jurisdictions=("a",)))
        assert [entry.charge.model for entry in it.ledger.entries] == ["a"]
