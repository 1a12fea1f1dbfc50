from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.models.pace import Pace, Standing, fastest_first

answers = st.lists(st.tuples(st.integers(0, 4_000), st.floats(0.001, 300.0)), max_size=30)


def paced(*told: tuple[int, float]) -> Pace:
    pace = Pace()
    for tokens, seconds in told:
        pace = pace.after(tokens, seconds)
    return pace


@pytest.mark.parametrize(
    ("told", "before", "per_token"),
    [
        ([], 0.0, 0.0),
        ([(100, 2.0)], 2.0, 0.0),  # one answer does not tell its parts apart
        ([(100, 2.0)] * 9, 2.0, 0.0),
        ([(100, 1.5), (500, 3.5), (900, 5.5)], 1.0, 0.005),
        ([(900, 5.5), (100, 1.5), (500, 3.5)] * 4, 1.0, 0.005),
        ([(100, 5.0), (900, 1.0)], 3.0, 0.0),  # longer was faster: chance, not speed
        ([(10, 0.1), (1_000, 10.0)], 0.0, 0.01),
    ],
)
def test_the_start_and_the_speed_are_told_apart(
    told: list[tuple[int, float]], before: float, per_token: float
) -> None:
    pace = paced(*told)
    assert pace.before == pytest.approx(before, abs=0.2)
    assert pace.per_token == pytest.approx(per_token, abs=1e-6)


def test_streamed_answers_tell_both_apart_at_once() -> None:
    pace = Pace().after(100, 1.5, 0.5)
    assert (pace.before, pace.per_token, pace.expected(200)) == (0.5, 0.01, 2.5)


def test_a_stream_that_never_began_takes_as_long_to_begin() -> None:
    pace = Pace().after(100, 1.5, 0.5).after(0, 30.0)
    assert pace.before == pytest.approx((0.5 * 0.9 + 30.0) / 1.9)
    assert pace.per_token == pytest.approx(0.01)


def test_what_was_long_ago_is_forgotten() -> None:
    pace = paced(*[(100, 20.0)] * 20, *[(100, 1.0)] * 20)
    assert pace.expected(100) < 4.0


@given(answers, st.integers(0, 4_000))
def test_no_answers_make_an_estimate_absurd(told: list[tuple[int, float]], tokens: int) -> None:
    pace = paced(*told)
    assert pace.before >= 0.0
    assert pace.per_token >= 0.0
    if told:
        longest = max(seconds for _, seconds in told)
        fastest = max((seconds / length for length, seconds in told if length), default=0.0)
        assert pace.expected(tokens) <= longest + fastest * tokens + 1e-6


def test_a_probe_bounds_the_start_from_below() -> None:
    standing = Standing().answered(100, 0.5, at=1.0)
    assert standing.expected(100) == pytest.approx(0.5)
    assert standing.probed(2.0).expected(100) == pytest.approx(2.0)
    assert standing.probed(2.0).probed(1.0).expected(100) == pytest.approx(1.5)
    assert Standing().probed(2.0).expected(100) is None


@pytest.mark.parametrize(
    ("seconds", "order"),
    [
        ([], []),
        ([None, None], [0, 1]),
        ([1.0, None, 2.0], [1, 0, 2]),
        ([3.0, 1.0, 2.0], [1, 2, 0]),
        ([1.05, 1.0], [0, 1]),  # not clearly faster
        ([1.2, 1.0], [1, 0]),
        ([2.0, 1.05, 1.0], [1, 2, 0]),
    ],
)
def test_routes_are_ordered_by_what_they_will_take(
    seconds: list[float | None], order: list[int]
) -> None:
    assert list(fastest_first(len(seconds), lambda index: seconds[index])) == order
