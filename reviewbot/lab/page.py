"""A load run as one HTML page that needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jinja2

from reviewbot.domain.money import format_usd
from reviewbot.lab import plots
from reviewbot.lab.matrix import fixed
from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.lab.report import Report
    from reviewbot.lab.summary import Figures, Spread


def _shown(value: object) -> object:
    """Texts on one line without invisible characters; what macros made is markup already."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("reviewbot.lab"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_shown,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of the table; *best* of its column."""

    text: str
    details: tuple[str, ...] = ()
    best: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A target's line of the table."""

    name: str
    colour: int
    cells: tuple[Cell, ...]
    errors: tuple[tuple[str, int], ...]
    stopped: str


@dataclass(frozen=True, slots=True)
class Card:
    """A winner."""

    title: str
    text: str
    name: str
    colour: int


_COLUMNS = (
    "Answered",
    "First token",
    "Latency",
    "Tokens/s",
    "Tokens in · out",
    "USD per 1,000",
)


def page(report: Report) -> str:
    """The page as HTML."""
    return TEMPLATES.get_template("bench.html").render(
        report=report,
        columns=_COLUMNS,
        rows=_rows(report),
        cards=_cards(report),
        ranges=[plots.first_tokens(report), plots.latencies(report), plots.speeds(report)],
        points=plots.cost_and_latency(report),
        curves=plots.distribution(report),
        timeline=plots.timeline(report),
    )


# --- the winners -----------------------------------------------------------------------------

_Measure = tuple[str, "Callable[[Figures], float | None]", "Callable[[Figures], str]"]


def _measures() -> tuple[_Measure, ...]:
    """What wins by being least: title, measure, text."""
    return (
        (
            "Quickest first token",
            lambda figures: figures.first_token.p50 if figures.first_token else None,
            lambda figures: _of(figures.first_token, plots.seconds),
        ),
        (
            "Shortest latency",
            lambda figures: figures.latency.p50 if figures.latency else None,
            lambda figures: _of(figures.latency, plots.seconds),
        ),
        (
            "Fastest stream",
            lambda figures: -figures.speed.p50 if figures.speed else None,
            lambda figures: f"{_of(figures.speed, plots.speed)} tokens/s",
        ),
        (
            "Least cost",
            lambda figures: figures.per_thousand,
            lambda figures: f"{format_usd(figures.per_thousand or 0)} per 1,000",
        ),
    )


def _cards(report: Report) -> list[Card]:
    if len(report.figures) < 2:  # noqa: PLR2004 - one alone wins nothing
        return []
    cards = []
    for title, measure, text in _measures():
        winner = _winner(report, measure)
        if winner is not None:
            figures = report.figures[winner]
            cards.append(Card(title, text(figures), figures.target, winner % plots.COLOURS))
    return cards


def _winner(report: Report, measure: Callable[[Figures], float | None]) -> int | None:
    """The number of the target that is first, if one alone is."""
    rated = [
        (value, number)
        for number, figures in enumerate(report.figures)
        if (value := measure(figures)) is not None
    ]
    if not rated:
        return None
    least, number = min(rated)
    return number if sum(value == least for value, _ in rated) == 1 else None


def _of(spread: Spread | None, text: Callable[[float], str]) -> str:
    return text(spread.p50) if spread else "–"


# --- the table -------------------------------------------------------------------------------


def _rows(report: Report) -> list[Row]:
    several = len(report.figures) > 1
    winners = [_winner(report, measure) if several else None for _, measure, _ in _measures()]
    first, latency, speed, cost = winners
    bests = (None, first, latency, speed, None, cost)
    return [
        Row(
            figures.target,
            number % plots.COLOURS,
            tuple(
                Cell(cell.text, cell.details, best=best == number)
                for cell, best in zip(_cells(figures), bests, strict=True)
            ),
            tuple(figures.errors.items()),
            figures.stopped,
        )
        for number, figures in enumerate(report.figures)
    ]


def _cells(figures: Figures) -> tuple[Cell, ...]:
    available = figures.availability
    share = f"{fixed(available.share * 100, 1).removesuffix('.0')}%" if available.sent else "–"
    thousand = figures.per_thousand
    counts = (figures.input_tokens, figures.output_tokens)
    return (
        Cell(share, (f"{available.answered:,} of {available.sent:,}", f"SLA {available.verdict}")),
        _time_cell(figures.first_token),
        _time_cell(figures.latency),
        Cell(
            _of(figures.speed, plots.speed),
            (f"{figures.throughput:,.0f} together",) if figures.throughput else (),
        ),
        Cell(" · ".join(f"{count.p50:,.0f}" if count else "–" for count in counts), ("medians",)),
        Cell(
            format_usd(thousand) if thousand is not None else "–",
            (f"{format_usd(figures.presumed)} presumed",) if figures.presumed else (),
        ),
    )


def _time_cell(spread: Spread | None) -> Cell:
    if spread is None:
        return Cell("–")
    p90, p99 = plots.seconds(spread.p90), plots.seconds(spread.p99)
    return Cell(plots.seconds(spread.p50), (f"p90 {p90}", f"p99 {p99}"))
