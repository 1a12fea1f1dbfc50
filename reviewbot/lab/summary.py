"""What a run's samples say: percentiles, availability, cost. Pure.

Percentiles are nearest-rank: the p-th is the smallest measured value that at least p % of all
values do not exceed. Nothing is interpolated, so each is a time that really occurred; with fewer
than 100 values the 99th is the largest.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.lab.load import Run, Sample, Series
    from reviewbot.models.streaming import Streamed

_Z = 1.959964  # of the normal distribution, for 95 % on both sides together


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of a figure."""

    count: int
    least: float
    p10: float
    p50: float
    p90: float
    p99: float
    most: float


class Verdict(StrEnum):
    """What a sample can say about an SLA, at 95 % confidence."""

    MET = "met"
    MISSED = "missed"
    OPEN = "not shown"  # too few requests to tell


@dataclass(frozen=True, slots=True)
class Availability:
    """Answered requests out of those sent, with the 95 % interval of the true share (Wilson)."""

    answered: int
    sent: int
    low: float
    high: float
    verdict: Verdict
    needed: int  # requests without a failure that would show the SLA

    @property
    def share(self) -> Fraction:
        """The measured share."""
        return Fraction(self.answered, self.sent) if self.sent else Fraction(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """A target's row; times in seconds, speeds in tokens per second."""

    target: str
    availability: Availability
    errors: Mapping[str, int]
    first_token: Spread | None
    latency: Spread | None
    speed: Spread | None
    throughput: float  # output tokens per second of the run, all requests together
    input_tokens: Spread | None
    output_tokens: Spread | None
    cached: Fraction  # of the input
    cost: PicoUsd  # all of it, warm-up too
    presumed: PicoUsd  # the part that nobody counted
    per_thousand: PicoUsd | None  # answers
    uncounted: int  # answers without usage
    thoughts: bool
    stopped: str


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of ascending values."""
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def spread(values: Sequence[float]) -> Spread | None:
    """The percentiles of some values; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    p10, p50, p90, p99 = (percentile(ordered, percent) for percent in (10, 50, 90, 99))
    return Spread(len(ordered), ordered[0], p10, p50, p90, p99, ordered[-1])


def speed_of(answer: Streamed) -> float | None:
    """Tokens per second after the first; None where all came at once.

    Thinking that was billed but not streamed is left out: it was not there to be timed. Where
    nobody counted tokens, pieces stand for them, which most servers send one a token.
    """
    if answer.last <= answer.first:
        return None
    shown = _shown(answer)
    return (shown - 1) / (answer.last - answer.first) if shown > 1 else None


def _shown(answer: Streamed) -> int:
    if answer.usage is None:
        return answer.pieces
    return answer.usage.output - (0 if answer.thoughts else answer.usage.reasoning)


def availability(answered: int, sent: int, sla: Fraction) -> Availability:
    """What so many answers say about an SLA."""
    low, high = _wilson(answered, sent)
    goal = float(sla)
    verdict = Verdict.MET if low >= goal else Verdict.MISSED if high < goal else Verdict.OPEN
    needed = math.ceil(_Z**2 * goal / (1 - goal)) if goal < 1 else 0
    return Availability(answered, sent, low, high, verdict, needed)


def _wilson(answered: int, sent: int) -> tuple[float, float]:
    if not sent:
        return 0.0, 1.0
    share, square = answered / sent, _Z**2
    centre = share + square / (2 * sent)
    reach = _Z * math.sqrt(share * (1 - share) / sent + square / (4 * sent**2))
    scale = 1 + square / sent
    # The ends are exact where nothing or everything was answered; sums of floats are not.
    low = (centre - reach) / scale if answered else 0.0
    high = (centre + reach) / scale if answered < sent else 1.0
    return low, high


def summarise(run: Run, sla: Fraction) -> list[Figures]:
    """A row for each target."""
    return [_figures(series, run.seconds, sla) for series in run.series]


def _figures(series: Series, seconds: float, sla: Fraction) -> Figures:
    samples = series.samples
    answers = [sample.answer for sample in samples if sample.answer is not None]
    usages = [answer.usage for answer in answers if answer.usage is not None]
    speeds = [speed for answer in answers if (speed := speed_of(answer)) is not None]
    measured = sum(sample.cost for sample in samples)
    entered = sum(usage.input for usage in usages)
    return Figures(
        target=series.target,
        availability=availability(len(answers), len(samples), sla),
        errors=dict(Counter(sample.error for sample in samples if sample.error).most_common()),
        first_token=spread([answer.first for answer in answers]),
        latency=spread([answer.total for answer in answers]),
        speed=spread(speeds),
        throughput=sum(usage.output for usage in usages) / _busy(samples, seconds),
        input_tokens=spread([usage.input for usage in usages]),
        output_tokens=spread([usage.output for usage in usages]),
        cached=Fraction(sum(usage.cached for usage in usages), entered) if entered else Fraction(0),
        cost=PicoUsd(measured + series.warm_up_cost),
        presumed=PicoUsd(sum(sample.cost for sample in samples if sample.presumed)),
        per_thousand=PicoUsd(round(Fraction(measured * 1000, len(answers)))) if answers else None,
        uncounted=len(answers) - len(usages),
        thoughts=any(answer.thoughts for answer in answers),
        stopped=series.stopped,
    )


def _busy(samples: Sequence[Sample], seconds: float) -> float:
    """How long a target was loaded: others may have taken longer."""
    ends = [sample.begun + sample.total for sample in samples]
    return max(ends, default=seconds) or 1.0
