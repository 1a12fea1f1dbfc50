from __future__ import annotations

from fractions import Fraction

import pytest

from reviewbot.domain.errors import UsageError
from reviewbot.lab.quantities import Split, as_percent, parse_share, parse_split, parse_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("800M", 800_000_000),
        ("1.5B", 1_500_000_000),
        ("250k", 250_000),
        ("1_000", 1_000),
        ("2,000,000", 2_000_000),
        ("0.001k", 1),
    ],
)
def test_tokens_are_read_as_people_write_them(text: str, tokens: int) -> None:
    assert parse_tokens(text) == tokens


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "0.0001k", "many", "1e9", "9999999T", "٣"])
def test_what_is_no_number_of_tokens_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no number of tokens"):
        parse_tokens(text)


def test_a_split_makes_a_hundred() -> None:
    assert parse_split("70/30") == Split(Fraction(7, 10), Fraction(3, 10))
    assert str(parse_split("66.5/33.5")) == "66.5/33.5"
    assert parse_split("100/0").output == 0


@pytest.mark.parametrize("text", ["70", "70/40", "70/20/10", "a/b", "-10/110", "170/-70", "/100"])
def test_another_split_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no split"):
        parse_split(text)


def test_shares_are_percentages() -> None:
    assert parse_share("60%") == Fraction(3, 5)
    assert parse_share("12.5%") == Fraction(1, 8)


@pytest.mark.parametrize("text", ["60", "0.6", "101%", "-1%", "%", "sixty%"])
def test_another_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no share"):
        parse_share(text)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(3, 5), "60%"),
        (Fraction(1, 3), "33.3%"),
        (Fraction(0), "0%"),
        (Fraction(-1, 200), "-0.5%"),
    ],
)
def test_percentages_are_short(share: Fraction, shown: str) -> None:
    assert as_percent(share) == shown
