"""Forecasts are ordered and bounded, follow the past, and trust a short one little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.forecast import LEARNED_FROM, Past, forecast
from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from random import Random

usd = st.integers(0, 10**15).map(PicoUsd)
pasts = st.lists(st.builds(Past, usd, usd), max_size=LEARNED_FROM)


@given(usd, usd, usd, pasts)
def test_the_median_is_below_the_ninth_decile_and_both_below_the_bound(
    p50: PicoUsd, p90: PicoUsd, bound: PicoUsd, past: list[Past]
) -> None:
    found = forecast(p50, p90, bound, past)
    assert 0 <= found.p50 <= found.p90 <= found.bound == bound


@given(usd, usd)
def test_without_a_past_the_plan_is_all_that_is_known(p50: PicoUsd, more: PicoUsd) -> None:
    found = forecast(p50, PicoUsd(p50 + more), PicoUsd(10**16), [])
    assert (found.p50, found.p90, found.learned_from) == (p50, p50 + more, 0)


@given(st.integers(1, 40), st.integers(1, LEARNED_FROM))
def test_a_past_that_always_cost_so_many_times_its_plan_draws_the_forecast_there(
    times: int, reviews: int
) -> None:
    plan, most = PicoUsd(1_000_000), PicoUsd(10**16)
    past = [Past(PicoUsd(500), PicoUsd(500 * times))] * reviews
    found = forecast(plan, plan, most, past)
    assert found.p50 == found.p90
    assert plan <= found.p50 <= plan * times
    longer = forecast(plan, plan, most, [*past, past[0]])
    assert longer.p50 >= found.p50
    if reviews >= 40:
        assert found.p50 >= 0.8 * plan * times


@given(usd, usd, pasts, st.randoms(use_true_random=False))
def test_the_order_of_the_past_does_not_matter(
    p50: PicoUsd, p90: PicoUsd, past: list[Past], random: Random
) -> None:
    shuffled = list(past)
    random.shuffle(shuffled)
    assert forecast(p50, p90, p90, past) == forecast(p50, p90, p90, shuffled)


def test_nine_of_ten_past_reviews_stay_within_what_a_long_past_says() -> None:
    plan, most = PicoUsd(10**9), PicoUsd(10**16)
    past = [Past(PicoUsd(10**9), PicoUsd(cost * 10**8)) for cost in range(1, 51)]
    found = forecast(plan, PicoUsd(5 * 10**9), most, past)
    within = sum(each.cost <= found.p90 for each in past)
    assert 0.8 <= within / len(past) <= 0.95
