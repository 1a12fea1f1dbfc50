"""A load run as one HTML page that needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.lab import plots
from reviewbot.lab.matrix import fixed
from reviewbot.lab.page import TEMPLATES, Cell, Measure, cards

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.lab.report import Report
    from reviewbot.lab.summary import Figures, Spread


@dataclass(frozen=True, slots=True)
class _Row:
    """A target's line of the table."""

    name: str
    colour: int
    cells: tuple[Cell, ...]
    errors: tuple[tuple[str, int], ...]
    stopped: str


_COLUMNS = (
    "Answered",
    "First token",
    "Latency",
    "Tokens/s",
    "Tokens in · out",
    "USD per 1,000",
)


def bench_page(report: Report) -> str:
    """The page as HTML."""
    count = len(report.figures)
    title = "1 model" if count == 1 else f"{count} models side by side"
    return TEMPLATES.get_template("bench.html").render(
        heading=f"reviewbot bench: {title}",
        title=title,
        at=report.at,
        report=report,
        columns=_COLUMNS,
        rows=_rows(report),
        cards=cards(_MEASURES, [(figures.target, figures) for figures in report.figures]),
        ranges=[plots.first_tokens(report), plots.latencies(report), plots.speeds(report)],
        points=plots.cost_and_latency(report),
        curves=plots.distribution(report),
        timeline=plots.timeline(report),
        notes=report.notes(),
    )


def _of(spread: Spread | None, text: Callable[[float], str]) -> str:
    return text(spread.p50) if spread else "–"


_MEASURES: tuple[Measure[Figures], ...] = (
    Measure(
        "Quickest first token",
        lambda figures: figures.first_token.p50 if figures.first_token else None,
        lambda figures: _of(figures.first_token, plots.seconds),
    ),
    Measure(
        "Shortest latency",
        lambda figures: figures.latency.p50 if figures.latency else None,
        lambda figures: _of(figures.latency, plots.seconds),
    ),
    Measure(
        "Fastest stream",
        lambda figures: -figures.speed.p50 if figures.speed else None,
        lambda figures: f"{_of(figures.speed, plots.speed)} tokens/s",
    ),
    Measure(
        "Least cost",
        lambda figures: figures.per_thousand,
        lambda figures: f"{format_usd(figures.per_thousand or 0)} per 1,000",
    ),
)


# --- the table -------------------------------------------------------------------------------


def _rows(report: Report) -> list[_Row]:
    first, latency, speed, cost = (measure.winner(report.figures) for measure in _MEASURES)
    bests = (None, first, latency, speed, None, cost)
    return [
        _Row(
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
