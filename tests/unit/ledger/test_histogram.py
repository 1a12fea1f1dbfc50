"""Buckets lose little, and percentiles are those of the values."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.ledger.histogram import LARGEST, bucket_of, middle_of, percentile

values = st.integers(0, LARGEST)


@given(values)
def test_the_middle_of_a_values_bucket_is_within_seven_per_cent_of_it(value: int) -> None:
    middle = middle_of(bucket_of(value))
    assert abs(middle - value) <= value / 15
    assert bucket_of(middle) == bucket_of(value)


@given(values, values)
def test_buckets_are_in_the_order_of_what_they_hold(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bucket_of(low) <= bucket_of(high)


def test_what_is_out_of_range_is_held_at_its_end() -> None:
    assert bucket_of(-5) == 0
    assert bucket_of(LARGEST * 8) == bucket_of(LARGEST)


@given(st.lists(st.integers(0, 99), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(
    held: list[int], per_cent: int
) -> None:
    found = percentile(Counter(held), per_cent)
    assert found is not None
    assert 100 * sum(value <= found for value in held) >= per_cent * len(held)
    assert 100 * sum(value < found for value in held) < per_cent * len(held)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 50) is None
    assert percentile({7: 0}, 50) is None
