from __future__ import annotations

from reviewbot.domain.money import PicoUsd, Price, Usage, parse_usd
from reviewbot.models.usage import read_told


def test_a_cost_that_is_told_is_the_cost() -> None:
    price = Price(*[PicoUsd(10)] * 4)
    assert price.cost(Usage(5, 5)) == 100
    assert price.cost(Usage(5, 5, told=PicoUsd(7))) == 7


def test_only_an_exact_amount_is_a_cost() -> None:
    assert read_told({"cost": "0.25"}) == parse_usd("0.25")
    others: list[object] = [0.25, 1, None, "-1", "lots", "1e99", True, {}]
    for said in others:
        assert read_told({"cost": said}) is None
    assert read_told([]) is None
