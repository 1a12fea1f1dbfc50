from __future__ import annotations

from reviewbot.domain.money import PicoUsd, Price, Usage, parse_usd
from reviewbot.domain.policy import Data
from reviewbot.models.config import EndpointConfig
from reviewbot.models.usage import read_cost

COMPANION = EndpointConfig("companion", "https://reviews.example.org", "k", is_companion=True)
VENDOR = EndpointConfig("vendor", "https://llm.example", "k", jurisdiction="US")


def test_a_companion_looks_after_the_places_itself() -> None:
    nowhere = Data(allowed_jurisdictions=("EU",))
    assert COMPANION.is_open_to(nowhere)
    assert not VENDOR.is_open_to(nowhere)
    assert VENDOR.is_open_to(None)


def test_a_cost_that_is_told_is_the_cost() -> None:
    price = Price(*[PicoUsd(10)] * 4)
    assert price.cost(Usage(5, 5)) == 100
    assert price.cost(Usage(5, 5, told=PicoUsd(7))) == 7


def test_only_an_exact_amount_is_a_cost() -> None:
    assert read_cost({"cost": "0.25"}) == parse_usd("0.25")
    others: list[object] = [0.25, 1, None, "-1", "lots", "1e99", True, {}]
    for said in others:
        assert read_cost({"cost": said}) is None
    assert read_cost([]) is None
