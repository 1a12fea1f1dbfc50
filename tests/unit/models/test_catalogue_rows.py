"""The catalogue against what vendors quote, written down once more, line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from reviewbot.domain.money import per_million
from reviewbot.models.catalogue import Catalogue

CATALOGUE = Catalogue.packaged()
NIGHT = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday, off-peak
PEAK = NIGHT.replace(hour=7)

# model: input / cached / output, context; "-" where tokens from the cache cost as fresh ones
QUOTED = """
gpt-4o                      2.50 1.25  10.00 128000
claude-3.5-sonnet@bedrock   3.00 0.30  15.00 200000
gemini-2.5-pro              1.25 0.125 10.00 1048576
gpt-4o-mini                 0.15 0.075 0.60  128000
deepseek-v4-flash           0.15 0.003 0.60  1000000
deepseek-v4-flash@deepinfra 0.09 0.018 0.18  1000000
qwen3-32b                   0.08 -     0.28  40960
qwen3-32b@bedrock           0.15 -     0.60  32768
glm-5                       1.00 0.20  3.20  200000
kimi-k2.5@azure             0.60 0.10  3.00  262144
qwen3.5-397b                0.45 0.22  3.00  262144
qwen3.5-397b@novita         0.60 -     3.60  262144
qwen3.5-397b@nebius         0.60 -     3.60  262144
qwen3-coder-30b             0.07 -     0.27  160000
qwen3-coder-30b@bedrock     0.15 -     0.60  262144
deepseek-coder              0.14 0.014 0.28  128000
gpt-6-luna                  0.10 0.01  0.50  922000
gpt-6.1-terra               1.00 0.05  5.00  922000
gpt-6.1-sol                 2.00 0.10  10.00 922000
gpt-5.4-mini                0.75 0.075 4.50  272000
claude-haiku-5-5            0.10 0.01  0.50  1000000
claude-sonnet-5-5           2.00 0.10  10.00 1000000
gemini-3.8-flash            0.75 0.075 3.75  1048576
deepseek-v4-pro             0.66 0.022 1.98  1000000
qwen3.8-flash               0.15 0.016 0.47  991808
qwen3-coder-plus            1.00 0.10  5.00  997952
glm-5.3                     1.40 0.26  4.40  1000000
glm-5.3-flash               0.15 0.03  0.50  1000000
kimi-k2.6                   0.95 0.16  4.00  262144
kimi-k2.7-code              0.95 0.19  4.00  262144
kimi-k3.1-pro               2.00 0.20  10.00 1048576
"""
ROWS = [line.split() for line in QUOTED.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_what_its_vendor_quotes(row: list[str]) -> None:
    model, fresh, cached, output, context = row
    price = CATALOGUE.price_of(model, NIGHT, 1_000)
    assert price.input == per_million(fresh)
    assert price.cached == per_million(fresh if cached == "-" else cached)
    assert price.output == per_million(output)
    assert CATALOGUE.tariff(model).context(NIGHT) == int(context)


def test_every_row_is_checked() -> None:
    held = {name for name, tariff in CATALOGUE.today.items() if tariff.holds(NIGHT)}
    assert held == {row[0] for row in ROWS}


@pytest.mark.parametrize("model", ["deepseek-v4-flash", "deepseek-v4-pro"])
def test_off_peak_is_half_of_peak(model: str) -> None:
    peak, night = (CATALOGUE.price_of(model, at, 1_000) for at in (PEAK, NIGHT))
    assert (peak.input, peak.cached, peak.output) == (
        night.input * 2,
        night.cached * 2,
        night.output * 2,
    )


@pytest.mark.parametrize(
    ("model", "tokens", "fresh", "output"),
    [
        ("gpt-6-luna", 272_001, "0.20", "0.75"),
        ("gpt-6.1-terra", 272_001, "2.00", "7.50"),
        ("gpt-6.1-sol", 272_001, "4.00", "15.00"),
        ("claude-haiku-5-5", 100_001, "0.50", "2.50"),
        ("gemini-2.5-pro", 200_001, "2.50", "15.00"),
        ("qwen3-coder-plus", 256_001, "6.00", "60.00"),
    ],
)
def test_larger_inputs_cost_what_is_quoted(
    model: str, tokens: int, fresh: str, output: str
) -> None:
    price = CATALOGUE.price_of(model, NIGHT, tokens)
    assert (price.input, price.output) == (per_million(fresh), per_million(output))


@pytest.mark.parametrize(
    ("model", "times"),
    [
        ("gpt-6-luna", "1.25"),
        ("gpt-6.1-terra", "1.25"),
        ("gpt-6.1-sol", "1.25"),
        ("claude-sonnet-5-5", "1.25"),
        ("qwen3.8-flash", "4/3"),
    ],
)
def test_writing_to_the_cache_costs_what_is_quoted(model: str, times: str) -> None:
    price = CATALOGUE.price_of(model, NIGHT, 1_000)
    assert Fraction(price.cache_write, price.input) == Fraction(times)


@pytest.mark.parametrize(
    ("model", "day", "fresh"),
    [
        ("deepseek-v4-flash", (2026, 8, 15), "0.14"),
        ("deepseek-v4-flash", (2026, 8, 16), "0.15"),
        ("gemini-2.5-pro", (2026, 12, 1), "0.75"),
        ("kimi-k2.5", (2026, 8, 30), "0.60"),
        ("kimi-k2.5", (2026, 8, 31), None),
        ("kimi-k2.5@azure", (2027, 1, 26), None),
        ("gpt-4o", (2027, 1, 14), None),
    ],
)
def test_prices_have_their_days(model: str, day: tuple[int, int, int], fresh: str | None) -> None:
    at = datetime(*day, 12, tzinfo=UTC)
    tariff = CATALOGUE.tariff(model)
    assert tariff.holds(at) == (fresh is not None)
    if fresh is not None:
        assert tariff.price_of(at, 1).input == per_million(fresh)


# model: input / output; "-" where the article prints none
PRINTED = """
gpt-4o            2.50 10.00
claude-3.5-sonnet 3.00 15.00
gemini-1.5-pro    1.25 5.00
gpt-4o-mini       0.15 0.60
deepseek-v4-flash 0.18 0.25
qwen3-32b         0.18 0.28
glm-5             0.73 1.92
kimi-k2.5         0.59 3.00
qwen3.5-397b      -    2.34
qwen3-coder-30b   -    0.35
deepseek-coder    -    0.25
"""


def test_the_articles_prices_are_as_printed() -> None:
    printed = {}
    for line in PRINTED.strip().splitlines():
        model, fresh, output = line.split()
        printed[model] = (None if fresh == "-" else per_million(fresh), per_million(output))
    assert {m: (p.input, p.output) for m, p in CATALOGUE.article.items()} == printed
