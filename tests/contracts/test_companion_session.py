"""A job's side of the companion, against servers that are none, or lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, redirect, request

from reviewbot.domain.errors import CompanionError, UsageError
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import parse_usd
from reviewbot.domain.session_refusal import Why
from reviewbot.runtime.companion_advice import advice_for
from reviewbot.runtime.companion_session import buy_session, companion_address, greet
from reviewbot.runtime.settings import Limits
from reviewbot.sandbox.serving import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable

COST = parse_usd("0.5")
SOLD: dict[str, Any] = {
    "session": "rbs-" + "a" * 43,
    "expires_in": 1200,
    "seal": "0" * 64,
    "budget": {"per_pr": "1", "per_day": "5", "per_month": "50"},
    "redaction": ["x-[0-9]+"],
}
PRICE = {"input": "0.15", "output": "0.60", "cached": "0.01", "cache_write": "0.15"}


def offer(tier: str, name: str, **changed: object) -> dict[str, object]:
    return {"id": tier, "tier": tier, "name": name, "pricing": PRICE} | changed


class Counterpart:
    """A server that answers as it is told, and remembers what it was shown."""

    def __init__(self, *answers: Any, offers: Any = ()) -> None:  # noqa: ANN401 - anything
        self._answers, self._offers = list(answers), offers
        self.tokens: list[str] = []
        self.wishes: list[Any] = []
        app = Flask(__name__, static_folder=None)
        app.add_url_rule("/companion/session", "s", self._sell, methods=["POST"])
        app.add_url_rule("/companion/v1/models", "m", lambda: {"data": self._offers})
        self.server = Loopback(app)

    def _sell(self) -> Any:  # noqa: ANN401 - what Flask takes
        self.tokens.append(request.headers["Authorization"])
        self.wishes.append(request.get_json())
        return self._answers.pop(0)


def tokens() -> Callable[[], str]:
    numbers = iter(range(99))
    return lambda: f"token-{next(numbers)}"


def test_a_session_makes_an_endpoint_of_the_companion() -> None:
    named = offer("cheap", "small") | {"id": "small"}
    offers = [offer("cheap", "small"), offer("strong", "large"), named]
    counterpart = Counterpart((SOLD, 201), offers=offers)
    with counterpart.server as server:
        session = buy_session(server.url, tokens(), 5, COST)
    assert counterpart.wishes == [{"pull_request": 5, "max_cost_usd": "0.5"}]
    config = session.router_config(Limits())
    [endpoint] = config.endpoints
    assert (endpoint.base_url, endpoint.is_companion) == (f"{server.url}/companion/v1", True)
    assert (config.cheap, config.strong) == (("small",), ("large",))
    assert config.patience.total(Tier.CHEAP) > 120
    assert SOLD["session"] not in repr(session)
    assert SOLD["seal"] not in repr(session)


def test_one_model_in_both_tiers_is_two_to_the_job() -> None:
    counterpart = Counterpart((SOLD, 201), offers=[offer("cheap", "m"), offer("strong", "m")])
    with counterpart.server as server:
        config = buy_session(server.url, tokens(), 5, COST).router_config(Limits())
    assert (config.cheap, config.strong) == (("m",), ("m (strong)",))


def test_a_companion_that_is_busy_is_asked_again_with_a_fresh_token() -> None:
    slept: list[float] = []
    counterpart = Counterpart(("", 503), ("", 429), (SOLD, 201), offers=[offer("cheap", "m")])
    with counterpart.server as server:
        buy_session(server.url, tokens(), 5, COST, slept.append)
    assert counterpart.tokens == ["Bearer token-0", "Bearer token-1", "Bearer token-2"]
    assert len(slept) == 2


def refused(*answers: Any, offers: Any = ()) -> CompanionError:  # noqa: ANN401 - anything
    counterpart = Counterpart(*answers, offers=offers)
    with counterpart.server as server, pytest.raises(CompanionError) as caught:
        buy_session(server.url, tokens(), 5, COST, lambda _: None)
    return caught.value


def test_a_refusal_says_what_to_do() -> None:
    error = {"error": {"code": "workflow-not-allowed", "message": "no (id 1)", "type": "x"}}
    told = refused((error, 403))
    assert "no (id 1)" in told.message
    assert "companion.workflows" in told.advice


def test_every_refusal_has_its_advice() -> None:
    general = advice_for("whatever")
    internal = {Why.TOKEN_MISSING, Why.TOKEN_MALFORMED, Why.TOKEN_ALGORITHM, Why.TOKEN_INCOMPLETE}
    assert {why for why in Why if advice_for(why) == general} == internal


@pytest.mark.parametrize(
    "answer",
    [
        ("<html>", 200),
        ({}, 201),
        (SOLD | {"session": "a b\n::error::x"}, 201),
        (SOLD | {"seal": "short"}, 201),
        (SOLD | {"budget": {}}, 201),
        ("", 404),
    ],
)
def test_a_server_that_answers_otherwise_is_no_companion(answer: Any) -> None:  # noqa: ANN401
    assert "not as a companion" in refused(answer).message


@pytest.mark.parametrize(
    "offers",
    [
        [],
        [offer("strong", "m")],
        [offer("cheap", "m", pricing={**PRICE, "input": "free"})],
        [offer("cheap", "m", pricing={**PRICE, "input": "-1"})],
        "nonsense",
    ],
)
def test_nor_is_one_without_models_and_prices(offers: Any) -> None:  # noqa: ANN401 - anything
    assert "not as a companion" in refused((SOLD, 201), offers=offers).message


def test_a_redirect_is_not_followed() -> None:
    told = refused(redirect("https://evil.example/companion/session"))
    assert "not as a companion" in told.message


def test_foreign_words_come_out_tidy() -> None:
    error = {"error": {"code": "x", "message": "\x1b[31m\n::error::boo"}}
    told = refused((json.dumps(error), 403))
    assert "\x1b" not in told.message
    assert "\n" not in told.message


def test_an_answer_without_end_is_cut_off() -> None:
    assert "cannot be reached" in refused(Response(b" " * (3 * 2**20))).message


def test_greeting_tells_a_companion_from_others() -> None:
    with Counterpart(offers=[]).server as server, pytest.raises(CompanionError):
        greet(server.url)


@pytest.mark.parametrize(
    "url",
    [
        "http://reviews.example.org",
        "https://",
        "https://user:secret@reviews.example.org",
        "https://reviews.example.org?x=1",
        "javascript:alert(1)",
        "reviews.example.org",
    ],
)
def test_a_companions_address_is_https_and_nothing_besides(url: str) -> None:
    with pytest.raises(UsageError):
        companion_address(url)


def test_a_slash_at_the_end_makes_no_difference() -> None:
    assert companion_address("https://reviews.example.org/") == "https://reviews.example.org"
