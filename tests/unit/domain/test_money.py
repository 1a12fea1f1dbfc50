"""Money is exact, and a call's worst case bounds its cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.money import (
    PicoUsd,
    Price,
    Usage,
    format_usd,
    parse_usd,
    per_million,
    plain_usd,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 10**12),
        ("0.000000000001", 1),
        (5, 5 * 10**12),
        (Decimal("0.75"), 75 * 10**10),
        ("1e-6", 10**6),
        ("9000000", 9 * 10**18),
    ],
)
def test_an_amount_is_read_exactly(text: str | int | Decimal, amount: int) -> None:
    assert parse_usd(text) == amount


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("much", "write a decimal"),
        ("", "write a decimal"),
        ("-1", "zero or more"),
        ("nan", "zero or more"),
        ("inf", "zero or more"),
        ("1e9", "more than the ledger can hold"),
        ("1e999999", "more than the ledger can hold"),  # more than decimals can hold, too
        ("0.0000000000001", "more than 12 decimal places"),
    ],
)
def test_what_is_no_exact_amount_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_usd(text)


def test_a_price_is_quoted_per_million_tokens() -> None:
    assert per_million("0.15") == 150_000
    with pytest.raises(ValueError, match="more than 6 decimal places"):
        per_million("0.0000001")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (1234 * 10**12, "$1,234.00"),
        (10**12, "$1.00"),
        (31 * 10**9, "$0.031"),
        (1_500 * 10**6, "$0.0015"),
        (300_000, "$0.000001"),
        (-(10**10), "$-0.010"),
    ],
)
def test_small_amounts_show_the_decimals_they_need(amount: int, shown: str) -> None:
    assert format_usd(amount) == shown


@given(st.integers(0, 9 * 10**18))
def test_a_plain_amount_can_be_read_back(amount: int) -> None:
    assert parse_usd(plain_usd(amount)) == amount


PRICES = st.builds(Price, *[st.integers(0, 10**8).map(PicoUsd)] * 4)


@given(PRICES, st.integers(0, 10**6), st.integers(0, 10**4), st.data())
def test_no_honest_usage_costs_more_than_the_worst_case(
    price: Price, size: int, cap: int, data: st.DataObject
) -> None:
    tokens = data.draw(st.integers(0, size + 2 * 16))
    cached = data.draw(st.integers(0, tokens))
    written = data.draw(st.integers(0, tokens - cached))
    usage = Usage(tokens, data.draw(st.integers(0, cap)), cached, written)

    assert 0 <= price.cost(usage) <= price.worst_case(size, 2, cap)


def test_cached_tokens_are_billed_once() -> None:
    price = Price(PicoUsd(10), PicoUsd(40), PicoUsd(1), PicoUsd(12))

    assert price.cost(Usage(input=100, output=5, cached=60, cache_write=30)) == 100 + 60 + 360 + 200
    assert price.cost(Usage(input=10, output=0, cached=60)) == 60


def test_a_cost_that_is_told_is_the_cost() -> None:
    price = Price(*[PicoUsd(10)] * 4)
    assert price.cost(Usage(5, 5)) == 100
    assert price.cost(Usage(5, 5, told=PicoUsd(7))) == 7
