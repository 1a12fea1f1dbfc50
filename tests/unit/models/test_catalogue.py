from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.money import Usage, per_million
from reviewbot.models.catalogue import Catalogue, flat_price
from reviewbot.models.config import RouteConfig

CATALOGUE = Catalogue.packaged()
TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 9, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone
LASTING = [
    name
    for name, tariff in CATALOGUE.today.items()
    if tariff.holds(datetime.max.replace(tzinfo=UTC))
]
models = st.sampled_from([*LASTING, "gpt-4o"])


def test_prices_are_what_vendors_quote() -> None:
    price = CATALOGUE.price_of("gpt-4o", TUESDAY, 1_000)
    assert price == flat_price("2.50", "10.00", "1.25")
    assert price.cost(Usage(1_000_000, 0)) == 25 * 10**11


def test_the_peak_costs_more_than_the_night() -> None:
    night = CATALOGUE.price_of("deepseek-v4-flash", TUESDAY, 1_000)
    peak = CATALOGUE.price_of("deepseek-v4-flash", TUESDAY.replace(hour=7), 1_000)
    sunday = CATALOGUE.price_of("deepseek-v4-flash", TUESDAY.replace(day=22, hour=7), 1_000)
    assert (night.input, peak.input) == (per_million("0.15"), per_million("0.30"))
    assert sunday == night


def test_a_zone_does_not_move_the_peak() -> None:
    there = datetime.fromisoformat("2026-11-24T15:00:00+08:00")  # 07:00 UTC
    assert CATALOGUE.price_of("deepseek-v4-flash", there, 1_000).input == per_million("0.30")


def test_size_tiers_hold_for_the_whole_request() -> None:
    small = CATALOGUE.price_of("gpt-6-luna", TUESDAY, 272_000)
    large = CATALOGUE.price_of("gpt-6-luna", TUESDAY, 272_001)
    assert (small.input, large.input) == (per_million("0.10"), per_million("0.20"))


def test_a_price_ends_with_its_model() -> None:
    tariff = CATALOGUE.tariff("gpt-4o")
    ended = datetime(2027, 1, 14, tzinfo=UTC)
    assert tariff.holds(ended - timedelta(seconds=1))
    route = RouteConfig("house", "gpt-4o", tariff)
    assert route.price_of(ended, 1) is None
    assert route.worst_price(ended, 1) is None
    with pytest.raises(SettingsError, match="ended on 2027-01-14"):
        tariff.price_of(ended, 1)


def test_an_unknown_model_is_told_with_its_neighbours() -> None:
    with pytest.raises(SettingsError) as caught:
        CATALOGUE.tariff("gpt-4o-minni")
    assert "gpt-4o-mini" in caught.value.advice


def test_articles_prices_do_not_bill() -> None:
    assert CATALOGUE.article["glm-5"].output == per_million("1.92")
    assert CATALOGUE.article["deepseek-coder"].input is None
    assert "claude-3.5-sonnet" not in CATALOGUE.today


@given(models, moments, st.integers(0, 2_000_000), st.integers(0, 3_000))
def test_no_bill_is_dearer_than_its_reservation(
    model: str, begun: datetime, tokens: int, seconds: int
) -> None:
    tariff = CATALOGUE.tariff(model)
    worst = tariff.worst_price(begun, tokens)
    end = begun + timedelta(seconds=seconds)
    billed = tariff.price_of(end, tokens)
    assert billed.input <= worst.input
    assert billed.output <= worst.output
    assert billed.cached <= worst.cached
    assert billed.cache_write <= worst.cache_write
