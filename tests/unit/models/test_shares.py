from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.models.attempt import shares

totals = st.integers(0, 10**19)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@given(totals, weights)
def test_shares_sum_to_the_total_exactly(total: int, parts: list[int]) -> None:
    assert sum(shares(total, parts)) == total


@given(totals, weights)
def test_no_share_is_off_by_one_or_more(total: int, parts: list[int]) -> None:
    whole = sum(parts)
    for part, share in zip(parts, shares(total, parts), strict=True):
        assert not whole or abs(share * whole - total * part) < whole


def test_without_weights_all_pay_alike() -> None:
    assert shares(7, (0, 0)) == (4, 3)
    assert shares(5, ()) == ()
