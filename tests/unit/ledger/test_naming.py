from __future__ import annotations

from reviewbot.ledger.naming import Moments, new_id


def test_moments_rise_while_the_clock_stands_or_is_set_back() -> None:
    clock = iter([5, 5, 5, 2, 9])
    moments = Moments(lambda: next(clock))
    assert [moments.next() for _ in range(5)] == [5, 6, 7, 8, 9]


def test_names_sort_as_they_were_given() -> None:
    given = [new_id() for _ in range(1_000)]
    assert given == sorted(given)
    assert {len(each) for each in given} == {32}
