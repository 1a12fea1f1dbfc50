from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.lab.axes import fitting, linear
from reviewbot.lab.labels import place_labels
from reviewbot.lab.plots import seconds, tick_seconds


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([0.9], ["0", "0.2", "0.4", "0.6", "0.8"]),
        ([97.0], ["0", "50", "100"]),
        ([2.3, 1.2], ["0", "0.5", "1", "1.5", "2"]),
        ([], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([0.0], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round(values: list[float], marks: list[str]) -> None:
    assert [tick.text for tick in linear(values, lambda mark: f"{mark:g}").ticks] == marks


@given(st.lists(st.floats(1e-3, 1e6), min_size=1))
def test_every_value_lies_on_the_axis_in_order(values: list[float]) -> None:
    for axis in (linear(values, str), fitting(values, str)):
        places = [axis.place(value) for value in sorted(values)]
        assert places == sorted(places)
        assert 0 <= places[0] <= places[-1] <= 100
        assert all(0 <= tick.place <= 100 for tick in axis.ticks)


def test_values_far_apart_get_a_logarithmic_axis() -> None:
    axis = fitting([0.4, 6.0], lambda mark: f"{mark:g}")
    assert axis.logarithmic
    assert [tick.text for tick in axis.ticks] == ["0.5", "1", "2", "5"]
    assert not fitting([0.0, 6.0], str).logarithmic
    assert not fitting([2.0, 6.0], str).logarithmic


def test_labels_lie_beside_their_points_towards_the_middle() -> None:
    left, right = place_labels([("one", 10.0, 50.0), ("two", 90.0, 50.0)])
    assert (left.upwards, left.leftwards) == (50.0, False)
    assert (right.upwards, right.leftwards) == (50.0, True)


def test_labels_do_not_cover_each_other() -> None:
    labels = place_labels([("deepseek", 10.0, 50.0), ("qwen", 11.0, 51.0), ("glm", 10.5, 49.0)])
    heights = [(label.upwards, label.leftwards) for label in labels]
    assert len(set(heights)) == 3


@pytest.mark.parametrize(
    ("value", "shown", "tick"),
    [
        (0.0, "0", "0"),
        (0.1264, "126 ms", "126.4 ms"),
        (2.3456, "2.35 s", "2.3456 s"),
        (12.34, "12.3 s", "12.34 s"),
    ],
)
def test_times_are_short(value: float, shown: str, tick: str) -> None:
    assert (seconds(value), tick_seconds(value)) == (shown, tick)
