"""A load run as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import format_usd, plain_usd
from reviewbot.entrypoints.formats import tables
from reviewbot.entrypoints.formats.tables import Column, Row
from reviewbot.lab.matrix import fixed
from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.lab.load import Sample
    from reviewbot.lab.report import Report
    from reviewbot.lab.summary import Figures, Spread

_DECIMALS = 6  # of shares and seconds, for machines


def show(report: Report) -> None:
    """A table and its notes, for people."""
    columns = (
        Column("model", folds=14, text=True),
        Column("answered"),
        Column(f"SLA {report.sla_text()}", rank=2, text=True),
        Column("first token\np50 · p90 · p99", folds=9),
        Column("latency\np50 · p90 · p99", folds=9),
        Column("tokens/s\np50 · p10", rank=1),
        Column("tokens\nin · out", rank=3),
        Column("USD per\n1,000"),
    )
    out = tables.console()
    tables.show(out, report.title(), columns, [_row(figures) for figures in report.figures])
    tables.note(out, report.notes())


def _row(figures: Figures) -> Row:
    available, speed = figures.availability, figures.speed
    counts = (figures.input_tokens, figures.output_tokens)
    thousand = figures.per_thousand
    return Row(
        (
            one_line(figures.target),
            f"{available.answered}/{available.sent}",
            available.verdict.value,
            _times(figures.first_token),
            _times(figures.latency),
            f"{speed.p50:.1f} · {speed.p10:.1f}" if speed else "–",
            " · ".join(f"{count.p50:,.0f}" if count else "–" for count in counts),
            format_usd(thousand) if thousand is not None else "–",
        )
    )


def _times(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    return " · ".join(seconds(value) for value in (spread.p50, spread.p90, spread.p99))


def seconds(value: float) -> str:
    """A time without a space, where a narrow column would part it from its unit."""
    return f"{value * 1000:.0f}ms" if value < 1 else f"{value:.2f}s"


def plain(report: Report) -> dict[str, Any]:
    """The run for machines: times in seconds, amounts as decimal strings."""
    return {
        "at": report.at.isoformat(),
        "profile": asdict(report.profile),
        "sla": fixed(report.sla, _DECIMALS),
        "seconds": round(report.run.seconds, _DECIMALS),
        "bound_usd": plain_usd(report.bound),
        "own_lag": _spread(report.lag),
        "targets": [
            _figures(figures) | {"samples": [_sample(sample) for sample in series.samples]}
            for figures, series in zip(report.figures, report.run.series, strict=True)
        ],
        "notes": report.notes(),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    available, thousand = figures.availability, figures.per_thousand
    return {
        "name": figures.target,
        "sent": available.sent,
        "answered": available.answered,
        "availability": fixed(available.share, _DECIMALS),
        "availability_95": [round(available.low, _DECIMALS), round(available.high, _DECIMALS)],
        "sla": available.verdict.value,
        "errors": dict(figures.errors),
        "first_token_seconds": _spread(figures.first_token),
        "latency_seconds": _spread(figures.latency),
        "tokens_per_second": _spread(figures.speed),
        "throughput_tokens_per_second": round(figures.throughput, _DECIMALS),
        "input_tokens": _spread(figures.input_tokens),
        "output_tokens": _spread(figures.output_tokens),
        "cached_share": fixed(figures.cached, _DECIMALS),
        "cost_usd": plain_usd(figures.cost),
        "presumed_usd": plain_usd(figures.presumed),
        "usd_per_1000": None if thousand is None else plain_usd(thousand),
        "stopped": figures.stopped or None,
    }


def _spread(spread: Spread | None) -> dict[str, float] | None:
    if spread is None:
        return None
    return {name: round(value, _DECIMALS) for name, value in asdict(spread).items()}


def _sample(sample: Sample) -> dict[str, Any]:
    answer = sample.answer
    times: Sequence[float | None] = (answer.first, answer.last) if answer else (None, None)
    first, last = (None if value is None else round(value, _DECIMALS) for value in times)
    return {
        "number": sample.number,
        "begun": round(sample.begun, _DECIMALS),
        "first_token": first,
        "last_token": last,
        "total": round(sample.total, _DECIMALS),
        "output_tokens": sample.usage.output if sample.usage else None,
        "usd": plain_usd(sample.cost),
        "presumed": sample.presumed,
        "error": sample.error or None,
    }
