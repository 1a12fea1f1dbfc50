"""A companion's own refusal for want of money, told apart from every vendor's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.errors import BudgetExhausted, ModelUnavailable, OutOfMoney
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import NOTHING, parse_usd
from reviewbot.domain.outcome import Shortage
from reviewbot.domain.scope import TITLES, Kind, exhausted
from reviewbot.entrypoints.companion.wire import error_body, no_answer_body
from reviewbot.ledger.scopes import kind_of
from reviewbot.models.breaker import State
from reviewbot.models.router import Router
from reviewbot.review.ports import Ending
from reviewbot.review.words import in_language
from reviewbot.runtime.companion_calls import NoAnswer
from tests.contracts.models.scripted import Reply, Scripted, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.models.config import EndpointConfig
    from reviewbot.review.ports import Answer

SCOPES = {
    Kind.PULL: "pr:7/1",
    Kind.REVIEW: "review:one",
    Kind.AUTHOR_DAY: "author:7/8:2026-11-24",
    Kind.REPOSITORY_DAY: "repo:7:2026-11-24",
    Kind.REPOSITORY_MONTH: "repo:7:2026-11",
    Kind.INSTALLATION_MONTH: "installation:3:2026-11",
    Kind.SERVER_MONTH: "server:2026-11",
}
SHORTAGE = Shortage(TITLES[Kind.SERVER_MONTH], parse_usd("5"), parse_usd("4.99"), parse_usd("0.02"))


def body(scope: str, shortage: Shortage) -> dict[str, Any]:
    """What a service's companion says of a ledger's refusal."""
    why = exhausted(scope, shortage)
    return no_answer_body(NoAnswer(402, "budget-exhausted", "no room", why), "id")


def replies(said: Mapping[str, Any], status: int = 402) -> Reply:
    return Reply(status, json.dumps(said).encode())


class House:
    """A router with one endpoint, its ledger and its time."""

    def __init__(self, place: EndpointConfig) -> None:
        self.ledger, hours = FakeLedger(), Hours()
        self.router = Router(config(place), self.ledger, hours.clock)

    def ask(self) -> list[Answer]:
        try:
            return list(self.router.ask(question(), purse()))
        finally:
            self.router.close()


def companion(url: str) -> EndpointConfig:
    return replace(endpoint("companion", url), is_companion=True)


def refusal_of(reply: Reply) -> tuple[BudgetExhausted, House, int]:
    """What a job's asker hears of a companion, and how often that was asked."""
    with Scripted(reply, says()).running() as server:
        house = House(companion(server.url))
        with pytest.raises(BudgetExhausted) as caught:
            house.ask()
    return caught.value, house, len(server.heard)


def test_every_scope_has_a_name_here() -> None:
    assert {kind: kind_of(name) for kind, name in SCOPES.items()} == {kind: kind for kind in Kind}


@pytest.mark.parametrize("kind", Kind)
def test_a_refusal_reads_as_if_the_ledger_were_here(kind: Kind) -> None:
    shortage = replace(SHORTAGE, scope=TITLES[kind])
    heard, _, _ = refusal_of(replies(body(SCOPES[kind], shortage)))
    there = exhausted(SCOPES[kind], shortage)
    assert (heard.message, heard.advice) == (there.message, there.advice)
    assert heard.shortage == shortage
    assert kind_of(SCOPES[kind]) == heard.scope
    german = in_language("de")
    assert german.told(heard.message) == german.told(there.message) != heard.message


@pytest.mark.parametrize(
    "shortage",
    [replace(SHORTAGE, kept=parse_usd("0.5")), replace(SHORTAGE, closed_by="house")],
    ids=["kept for first readings", "closed"],
)
def test_why_there_is_no_room_is_told_too(shortage: Shortage) -> None:
    heard, _, _ = refusal_of(replies(body(SCOPES[Kind.SERVER_MONTH], shortage)))
    assert heard.message == exhausted("server:2026-11", shortage).message


def test_a_refused_call_costs_nothing_and_is_asked_once() -> None:
    _, house, asked = refusal_of(replies(body(SCOPES[Kind.SERVER_MONTH], SHORTAGE)))
    assert asked == 1
    [entry] = house.ledger.entries
    assert (entry.attempt.ending, entry.attempt.error) == (Ending.REFUSED, "over-budget")
    assert (entry.cost, house.ledger.open) == (NOTHING, {})


def test_a_companion_without_room_is_no_endpoint_that_fails() -> None:
    server_said = body(SCOPES[Kind.SERVER_MONTH], SHORTAGE)
    with Scripted(replies(server_said)).running() as server:
        house = House(companion(server.url))
        for _ in range(10):
            with pytest.raises(BudgetExhausted):
                house.router.ask(question(), purse())
        assert house.router.endpoints_status() == [("companion", State.CLOSED)]
        assert house.router.models(Tier.CHEAP)
        house.router.close()


@pytest.mark.parametrize(
    "budget",
    [None, {}, "all of it", {"scope": "galaxy"}, {"scope": "review", "limit": "-1"}],
)
def test_a_companion_that_tells_no_figures_is_believed_all_the_same(budget: object) -> None:
    said = error_body("budget-exhausted", "the budget of the galaxy has no room", "id")
    said["error"]["budget"] = budget
    heard, _, _ = refusal_of(replies(said))
    assert "the budget of the galaxy has no room" in heard.message
    assert heard.shortage is None


def test_an_overlong_or_wild_name_of_an_endpoint_is_not_shown() -> None:
    wild = replace(SHORTAGE, closed_by="a\n\x1b[31mb")
    heard, _, _ = refusal_of(replies(body(SCOPES[Kind.SERVER_MONTH], wild)))
    assert "\n" not in heard.message
    assert "\x1b" not in heard.message


# --- everybody else --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [402, 429])
def test_a_vendor_that_speaks_like_a_companion_is_a_vendor(status: int) -> None:
    said = body(SCOPES[Kind.SERVER_MONTH], SHORTAGE)
    with Scripted(replies(said, status)).running() as server, pytest.raises(OutOfMoney) as caught:
        House(endpoint("house", server.url)).ask()
    assert "the account at house is out of money" in str(caught.value)


def test_a_proxy_before_a_companion_does_not_speak_for_its_ledger() -> None:
    said = {"error": {"message": "pay first", "code": "payment_required"}}
    with Scripted(replies(said)).running() as server, pytest.raises(OutOfMoney):
        House(companion(server.url)).ask()


def test_a_busy_companion_is_asked_again() -> None:
    said = error_body("busy", "it is busy; ask again soon", "id")
    with Scripted(replies(said, 429), says()).running() as server:
        [answer] = House(companion(server.url)).ask()
    assert answer.text
    assert len(server.heard) == 2


def test_a_companion_without_an_answer_is_still_a_failure() -> None:
    said = error_body("no-answer", "no model behind it gave an answer", "id")
    with Scripted(replies(said, 503)).running() as server, pytest.raises(ModelUnavailable):
        House(companion(server.url)).ask()
