from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.lab.load import Run, Sample, Series
from reviewbot.lab.profile import Profile
from reviewbot.lab.report import Report
from reviewbot.models.streaming import Streamed


def sample(
    error: str = "", usage: Usage | None = None, *, presumed: bool = False, thoughts: bool = False
) -> Sample:
    told = None if error else Streamed(0.1, 1.0, 1.1, 10, thoughts, usage, "m")
    return Sample(0, 0.0, 1.1, error, told, usage, PicoUsd(10**9), presumed)


def notes(*samples: Sample, lags: tuple[float, ...] = (), stopped: str = "") -> str:
    run = Run((Series("small", samples, PicoUsd(0), stopped),), 5.0, lags)
    at = datetime(2026, 11, 25, tzinfo=UTC)
    report = Report.of(at, Profile(), Fraction(999, 1000), run, PicoUsd(10**12))
    return "\n".join(report.notes())


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (notes(sample(usage=Usage(100, 10))), "bounded by $1.00 before it."),
        (notes(sample(usage=Usage(100, 10))), "3,838 requests without a failure would show it"),
        (notes(sample("http-429"), sample("http-429")), "small: 2 failed: http-429 × 2."),
        (notes(sample("timeout", presumed=True)), "is presumed"),
        (notes(sample(presumed=True)), "1 answers came without a count of tokens"),
        (notes(sample(usage=Usage(100, 10), thoughts=True)), "thought aloud"),
        (notes(sample(usage=Usage(100, 10, cached=50))), "50.0% of the input"),
        (notes(sample(usage=Usage(100, 10)), lags=(0.01,)), "This machine was busy"),
        (notes(stopped="out of money"), "small: out of money."),
    ],
)
def test_what_a_reader_must_know_is_said(told: str, said: str) -> None:
    assert said in told


def test_nothing_is_said_that_is_not_so() -> None:
    told = notes(sample(usage=Usage(100, 10, cached=4)), lags=(0.0001,))
    for words in ("presumed", "failed", "thought", "cache", "busy", "without a count"):
        assert words not in told
