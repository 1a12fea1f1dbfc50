from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.lab.load import Run, Sample, Series
from reviewbot.lab.summary import (
    Spread,
    Verdict,
    availability,
    percentile,
    speed_of,
    spread,
    summarise,
)
from reviewbot.models.streaming import Streamed

SLA = Fraction(999, 1000)


COUNTED = Usage(100, 11)


def answer(
    first: float,
    last: float,
    usage: Usage | None = COUNTED,
    *,
    pieces: int = 11,
    thoughts: bool = False,
) -> Streamed:
    return Streamed(first, last, last + 0.01, pieces, thoughts, usage, "small")


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7], 50, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        ([15, 20, 35, 40, 50], 30, 20),  # the textbook's example of nearest-rank
        ([15, 20, 35, 40, 50], 40, 20),
        ([15, 20, 35, 40, 50], 50, 35),
        ([15, 20, 35, 40, 50], 100, 50),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 101)), 90, 90),
        (list(range(1, 51)), 99, 50),
        ([1, 2, 3], 0, 1),
    ],
)
def test_percentiles_are_nearest_rank(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_occurred_and_bounds_its_share(values: list[float], percent: int) -> None:
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100
    assert sum(value < found for value in values) < max(1, len(values) * percent / 100)


def test_nothing_has_no_spread() -> None:
    assert spread([]) is None
    assert spread([3.0, 1.0]) == Spread(2, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (answer(0.2, 0.4), 50.0),  # ten tokens after the first, in 0.2 s
        (answer(0.2, 0.2), None),  # all at once
        (answer(0.2, 0.4, None, pieces=11), 50.0),  # nobody counted: pieces stand for tokens
        (answer(0.2, 0.4, None, pieces=1), None),
        (answer(0.2, 0.4, Usage(100, 1)), None),  # one token has no speed
        (answer(0.2, 0.4, Usage(100, 31, reasoning=20)), 50.0),  # thoughts that were not shown
        (answer(0.2, 0.4, Usage(100, 11, reasoning=5), thoughts=True), 50.0),  # that were shown
    ],
)
def test_speed_counts_the_tokens_that_could_be_timed(
    told: Streamed, expected: float | None
) -> None:
    assert speed_of(told) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answered", "sent", "verdict"),
    [
        (50, 50, Verdict.OPEN),
        (3_837, 3_837, Verdict.OPEN),
        (3_838, 3_838, Verdict.MET),
        (0, 0, Verdict.OPEN),
        (37, 40, Verdict.MISSED),
        (999, 1_000, Verdict.OPEN),
        (9_900, 10_000, Verdict.MISSED),
        (0, 10, Verdict.MISSED),
    ],
)
def test_an_sla_is_met_or_missed_only_where_that_can_be_said(
    answered: int, sent: int, verdict: Verdict
) -> None:
    known = availability(answered, sent, SLA)
    assert known.verdict is verdict
    assert known.needed == 3_838
    assert known.low <= float(known.share) <= known.high or sent == 0


def test_the_interval_is_wilsons() -> None:
    known = availability(90, 100, SLA)
    assert known.low == pytest.approx(0.8256, abs=1e-4)
    assert known.high == pytest.approx(0.9448, abs=1e-4)


@pytest.mark.parametrize("sent", [1, 7, 50, 10_000])
def test_everything_answered_never_misses(sent: int) -> None:
    assert availability(sent, sent, Fraction(1)).verdict is Verdict.OPEN


def sample(number: int, error: str = "", cost: int = 5, *, presumed: bool = False) -> Sample:
    told = None if error else answer(0.1 * (number + 1), 1.0)
    usage = told.usage if told else None
    return Sample(number, number, 1.0, error, told, usage, PicoUsd(cost), presumed)


def test_a_target_is_summarised() -> None:
    samples = (
        sample(0),
        sample(1),
        sample(2, "http-429", 0),
        sample(3, "timeout", 90, presumed=True),
    )
    run = Run((Series("a", samples, PicoUsd(7), "stopped early"),), 9.0, ())
    (figures,) = summarise(run, SLA)
    assert (figures.availability.answered, figures.availability.sent) == (2, 4)
    assert figures.errors == {"http-429": 1, "timeout": 1}
    assert (figures.cost, figures.presumed) == (107, 90)
    assert figures.per_thousand == 50_000  # 100 for two answers
    assert figures.first_token is not None
    assert math.isclose(figures.first_token.p50, 0.1)
    assert math.isclose(figures.throughput, 22 / 4)  # the last request ended at 4 s
    assert figures.stopped == "stopped early"


def test_a_target_that_never_answered_has_no_times() -> None:
    run = Run((Series("a", (sample(0, "timeout"),), PicoUsd(0)),), 9.0, ())
    (figures,) = summarise(run, SLA)
    assert figures.first_token is figures.latency is figures.speed is None
    assert figures.per_thousand is None


def test_a_target_that_was_not_loaded_is_open() -> None:
    (figures,) = summarise(Run((Series("a", (), PicoUsd(0), "not loaded"),), 1.0, ()), SLA)
    assert figures.availability.verdict is Verdict.OPEN
    assert figures.throughput == 0
