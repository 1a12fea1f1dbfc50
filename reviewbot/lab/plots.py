"""The plots of a load run as geometry: positions in percent, texts, colours by number. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PICO_PER_USD
from reviewbot.lab.axes import Axis, Tick, fitting, linear
from reviewbot.lab.labels import Label, place_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.lab.load import Sample
    from reviewbot.lab.report import Report
    from reviewbot.lab.summary import Figures, Spread

COLOURS = 8
_MOST_DOTS = 1_500  # of one target; a page stays small


@dataclass(frozen=True, slots=True)
class Range:
    """One target's spread; None where nothing was measured."""

    name: str
    colour: int
    text: str
    detail: str
    places: tuple[float, float, float, float, float] | None  # least, p10, p50, p90, p99


@dataclass(frozen=True, slots=True)
class Ranges:
    """Spreads below each other."""

    title: str
    hint: str
    rows: tuple[Range, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line or dots as SVG path data in a 100 by 100 box, y downwards."""

    name: str
    colour: int
    path: str


@dataclass(frozen=True, slots=True)
class Curves:
    """Lines or dots over two axes."""

    title: str
    hint: str
    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    crosses: tuple[Curve, ...] = ()  # failures


@dataclass(frozen=True, slots=True)
class Point:
    """A labelled point; places in percent from left and bottom."""

    name: str
    colour: int
    across: float
    upwards: float
    label: Label


@dataclass(frozen=True, slots=True)
class Points:
    """Labelled points over two axes, and perhaps a line, as path data in a 100 by 100 box."""

    title: str
    hint: str
    points: tuple[Point, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    line: str = ""


def seconds(value: float) -> str:
    """A time for people."""
    if value == 0:
        return "0"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"  # noqa: PLR2004 - figures shown


def tick_seconds(value: float) -> str:
    """A time on an axis, which is round."""
    return "0" if value == 0 else f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"


def speed(value: float) -> str:
    """A speed for people."""
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 - figures shown


def first_tokens(report: Report) -> Ranges:
    """How long until the first token."""
    return _times(report, "Time to first token", lambda figures: figures.first_token)


def latencies(report: Report) -> Ranges:
    """How long a whole answer takes."""
    return _times(report, "Latency of a whole answer", lambda figures: figures.latency)


def speeds(report: Report) -> Ranges:
    """How fast tokens come."""

    def detail(spread: Spread) -> str:
        return f"p10 {speed(spread.p10)} · p90 {speed(spread.p90)}"

    return _ranges(
        report,
        ("Tokens per second, after the first", "More is better; the mark is the median."),
        lambda figures: figures.speed,
        (speed, detail, lambda value: f"{value:g}"),
    )


def _times(report: Report, title: str, of: Callable[[Figures], Spread | None]) -> Ranges:
    def detail(spread: Spread) -> str:
        return f"p90 {seconds(spread.p90)} · p99 {seconds(spread.p99)}"

    hint = "Less is better; the mark is the median."
    return _ranges(report, (title, hint), of, (seconds, detail, tick_seconds))


def _ranges(
    report: Report,
    words: tuple[str, str],
    of: Callable[[Figures], Spread | None],
    texts: tuple[Callable[[float], str], Callable[[Spread], str], Callable[[float], str]],
) -> Ranges:
    text, detail, tick = texts
    known = [(number, figures.target, of(figures)) for number, figures in enumerate(report.figures)]
    axis = linear([spread.p99 for _, _, spread in known if spread], tick)
    rows = tuple(
        Range(
            name,
            number % COLOURS,
            text(spread.p50) if spread else "–",
            detail(spread) if spread else "no answer",
            _places(spread, axis),
        )
        for number, name, spread in known
    )
    return Ranges(*words, rows, axis.ticks)


def _places(spread: Spread | None, axis: Axis) -> tuple[float, float, float, float, float] | None:
    if spread is None:
        return None
    least, p10, p50, p90, p99 = (
        axis.place(value)
        for value in (spread.least, spread.p10, spread.p50, spread.p90, spread.p99)
    )
    return (least, p10, p50, p90, p99)


def distribution(report: Report) -> Curves:
    """Which share of the answers was there by when."""
    totals = [
        sorted(s.answer.total for s in series.samples if s.answer is not None)
        for series in report.run.series
    ]
    axis = linear([values[-1] for values in totals if values], tick_seconds)
    curves = tuple(
        Curve(series.target, number % COLOURS, _steps(values, axis))
        for number, (series, values) in enumerate(zip(report.run.series, totals, strict=True))
        if values
    )
    upwards = tuple(Tick(share, f"{share:g}%") for share in (0.0, 25.0, 50.0, 75.0, 100.0))
    hint = "The share of answers that were whole by then; steeper and further left is better."
    return Curves("Latency distribution", hint, curves, axis.ticks, upwards)


def _steps(ordered: Sequence[float], axis: Axis) -> str:
    """An empirical distribution as a path; thinned where it has more steps than can be seen."""
    stride = max(1, len(ordered) // 400)
    path = [f"M{axis.place(ordered[0])} 100"]
    for index in [*range(stride - 1, len(ordered) - 1, stride), len(ordered) - 1]:
        share = (index + 1) / len(ordered)
        path.append(f"H{axis.place(ordered[index])}V{round(100 - share * 100, 3)}")
    path.append("H100")
    return "".join(path)


def timeline(report: Report) -> Curves:
    """Each request where it began, as high as it took long."""
    series = report.run.series
    taken = [sample.total for each in series for sample in each.samples]
    begun = [sample.begun for each in series for sample in each.samples]
    across, upwards = linear(begun, tick_seconds), linear(taken, tick_seconds)

    def dots(samples: Sequence[Sample]) -> str:
        stride = max(1, len(samples) // _MOST_DOTS)
        return "".join(
            f"M{across.place(s.begun)} {round(100 - upwards.place(s.total), 3)}h.01"
            for s in samples[::stride]
        )

    answered = [[s for s in each.samples if not s.error] for each in series]
    failed = [[s for s in each.samples if s.error] for each in series]
    return Curves(
        "Every request",
        "When it was sent, and how long it took. Rings are failures.",
        _dotted(report, answered, dots),
        across.ticks,
        upwards.ticks,
        _dotted(report, failed, dots),
    )


def _dotted(
    report: Report, groups: Sequence[Sequence[Sample]], dots: Callable[[Sequence[Sample]], str]
) -> tuple[Curve, ...]:
    return tuple(
        Curve(figures.target, number % COLOURS, dots(samples))
        for number, (figures, samples) in enumerate(zip(report.figures, groups, strict=True))
        if samples
    )


def cost_and_latency(report: Report) -> Points:
    """What a thousand answers cost against how long one takes."""
    known = [
        (number, figures, figures.latency, figures.per_thousand)
        for number, figures in enumerate(report.figures)
    ]
    rated = [
        (number, figures.target, latency.p50, cost / PICO_PER_USD)
        for number, figures, latency, cost in known
        if latency is not None and cost is not None
    ]
    upwards = linear([latency for _, _, latency, _ in rated], tick_seconds)
    across = fitting([usd for *_, usd in rated], tick_usd)
    placed = [
        (number, name, across.place(usd), upwards.place(latency))
        for number, name, latency, usd in rated
    ]
    labels = place_labels([(name, right, height) for _, name, right, height in placed])
    points = tuple(
        Point(name, number % COLOURS, right, height, label)
        for (number, name, right, height), label in zip(placed, labels, strict=True)
    )
    scale = " The scale of cost is logarithmic." if across.logarithmic else ""
    hint = f"USD per 1,000 answers against median latency; lower left is better.{scale}"
    return Points("Cost and latency", hint, points, across.ticks, upwards.ticks)


def tick_usd(value: float) -> str:
    """An amount on an axis, which is round."""
    if value == 0:
        return "$0"
    return f"${value:.2f}" if 0.01 <= value < 1 else f"${value:g}"  # noqa: PLR2004 - cents
