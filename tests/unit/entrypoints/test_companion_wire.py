from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.entrypoints.companion.places import Places
from reviewbot.entrypoints.companion.wire import (
    Offer,
    Unreadable,
    completion_body,
    error_body,
    models_body,
    read_completion_request,
    read_wish,
)
from reviewbot.entrypoints.door import COMPANION, LARGEST_COMPANION, bearer, refusal
from reviewbot.ledger.job_sessions import RequestBill
from reviewbot.models.catalogue import flat_price
from reviewbot.models.completion import read_completion
from reviewbot.review.prompt import LONGEST_OUTPUT
from reviewbot.review.schema import answer_schema
from reviewbot.runtime.companion_calls import Told
from tests.journeys.action.companion import completion

CHEAP = Offer("cheap", Tier.CHEAP, "small", flat_price("0.15", "0.60"), is_tier=True)
SMALL = Offer("small", Tier.CHEAP, "small", flat_price("0.15", "0.60"), is_tier=False)
OFFERS = {each.id: each for each in (CHEAP, SMALL)}


def body(**changed: object) -> bytes:
    return json.dumps(completion("x = 1", **changed)).encode()


def test_a_tier_is_asked_as_such_and_a_model_by_its_name() -> None:
    assert read_completion_request(body(), OFFERS).model == ""
    asked = read_completion_request(body(model="small"), OFFERS)
    assert (asked.tier, asked.model) == (Tier.CHEAP, "small")
    assert asked.prompt.system == "Answer in JSON."


@pytest.mark.parametrize(
    ("asked", "given_"), [(1, 1), (LONGEST_OUTPUT, LONGEST_OUTPUT), (9_999, LONGEST_OUTPUT)]
)
def test_the_cap_is_never_more_than_a_review_needs(asked: int, given_: int) -> None:
    assert read_completion_request(body(max_tokens=asked), OFFERS).output_cap == given_


def test_no_schema_of_somebody_elses_goes_to_an_endpoint() -> None:
    said = {"name": "review", "strict": True, "schema": {"type": "object", "oneOf": "nonsense"}}
    asked = read_completion_request(
        body(response_format={"type": "json_schema", "json_schema": said}), OFFERS
    )
    assert asked.prompt.schema == answer_schema(Tier.CHEAP)


def test_a_prompt_is_no_larger_than_reviewbots_own() -> None:
    read_completion_request(json.dumps(completion("x" * 100_000)).encode(), OFFERS)
    with pytest.raises(Unreadable) as caught:
        read_completion_request(json.dumps(completion("x" * 200_000)).encode(), OFFERS)
    assert caught.value.parameter == "messages"


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    for read in (read_wish, lambda said: read_completion_request(said, OFFERS)):
        with pytest.raises(Unreadable):
            read(raw)


KEYS = st.sampled_from(["model", "messages", "max_tokens", "temperature", "stream", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, JSON, max_size=3))
def test_whatever_is_sent_only_reviewbots_own_requests_are_read(changed: dict[str, Any]) -> None:
    read = parameter = None
    try:
        read = read_completion_request(body(**changed), OFFERS)
    except Unreadable as error:
        parameter = error.parameter
    if read is None:
        assert parameter
        assert parameter.isascii()
        assert len(parameter) <= 60
    else:
        assert 0 < read.output_cap <= LONGEST_OUTPUT
        assert read.tier is Tier.CHEAP


AMOUNTS = st.integers(0, 10**8)


@given(AMOUNTS, AMOUNTS, st.integers(0, 10**18))
def test_the_job_reads_the_exact_cost_that_the_ledger_knows(
    tokens_in: int, tokens_out: int, cost: int
) -> None:
    usage = Usage(tokens_in + 1, tokens_out)
    bill = RequestBill(usage, PicoUsd(cost), is_counted=True, error="")
    said = completion_body(Told("{}", "stop", "small", bill), "id")
    read = read_completion(json.loads(json.dumps(said)), believed=True)
    assert read.usage is not None
    assert read.usage.told == cost
    assert (read.usage.input, read.usage.output) == (usage.input, usage.output)
    doubted = read_completion(said)
    assert doubted.usage == usage  # whoever is no companion names no price


def test_what_nobody_counted_has_no_usage() -> None:
    bill = RequestBill(Usage(0, 0), parse_usd("1"), is_counted=False, error="timeout")
    assert "usage" not in completion_body(Told("{}", "stop", "small", bill), "id")


def test_prices_are_told_as_people_write_them() -> None:
    [said] = models_body([CHEAP])["data"]
    amounts = {name: Decimal(usd) for name, usd in said["pricing"].items()}
    fresh = Decimal("0.15")
    expected = {"input": fresh, "cached": fresh, "cache_write": fresh, "output": Decimal("0.6")}
    assert amounts == expected
    assert (said["id"], said["tier"], said["name"]) == ("cheap", "cheap", "small")


def test_an_error_says_that_money_is_out_in_openais_word() -> None:
    error = error_body("budget-exhausted", "no room", "id")["error"]
    assert error["type"] == "insufficient_quota"


# --- the door --------------------------------------------------------------------------------


def knock(path: str, **headers: str) -> str:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    why = refusal("POST", path, found.get)
    return why.code if why else ""


def test_the_door_asks_for_a_token_and_a_length_before_the_body() -> None:
    path = f"{COMPANION}session"
    assert knock(path) == "token-missing"
    assert knock(path, Authorization="Basic x") == "token-missing"
    assert knock(path, Authorization="Bearer x") == ""
    large = str(LARGEST_COMPANION + 1)
    assert knock(path, Authorization="Bearer x", Content_Length=large) == "too-large"


@pytest.mark.parametrize(
    ("said", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("Bearer ", None),
        ("Bearer a b", None),
        ("Bearer a\x00", None),
        ("Bearer ä", None),
        (f"Bearer {'a' * 20_000}", None),
        ("abc", None),
        ("", None),
    ],
)
def test_a_bearer_is_one_plain_word(said: str, token: str | None) -> None:
    assert bearer({"Authorization": said}.get) == token


# --- places ----------------------------------------------------------------------------------


def test_places_are_few_for_each_and_given_back() -> None:
    places = Places(3, most_of_one=2)
    with places.place("a") as first, places.place("a") as second:
        assert first
        assert second
        with places.place("a") as third, places.place("b") as other:
            assert not third
            assert other
            with places.place("c") as none_left:
                assert not none_left
    with places.place("a") as again:
        assert again
