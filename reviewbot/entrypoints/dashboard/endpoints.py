"""The endpoints' page: how well each answered, and who is under quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.entrypoints.dashboard.page import Meter, Page
from reviewbot.entrypoints.dashboard.plot import Bar, stack
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table, percent
from reviewbot.ledger import insight
from reviewbot.ledger.insight import Group
from reviewbot.ledger.quarantine import flagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.entrypoints.dashboard.page import Asked, Sources
    from reviewbot.ledger.insight import Line

_GOOD, _FAIR = 99, 95  # per cent answered


def endpoints(sources: Sources, asked: Asked) -> Page:
    """Calls within sight by endpoint; the server's own view of each only for administrators."""
    with sources.database.snapshot() as session:
        lines = insight.lines(session, Group.ENDPOINT, asked.span, asked.sight)
    breakers: dict[str, str] = {}
    accused: dict[str, str] = {}
    if asked.sight.is_whole:
        breakers = dict(sources.breakers())
        accused = dict(flagged(sources.database))
    return Page(
        template="endpoints.html",
        title="Endpoints",
        meters=tuple(_answered(line) for line in lines),
        tables=(_table(lines, breakers, accused),),
        values={"is_whole": asked.sight.is_whole},
    )


def _answered(line: Line) -> Meter:
    name, good = str(line.key[0]), line.calls - line.failed
    about = f"{percent(good, line.calls)} answered, {line.failed:,} of {line.calls:,} calls failed"
    bar = Bar(name, (("settled", good), ("failed", line.failed)), about)
    share = 100 * good / line.calls if line.calls else 100
    mood = "" if share >= _GOOD else "high" if share >= _FAIR else "bad"
    return Meter(name, stack(name, about, bar, line.calls), about, mood)


def _table(lines: Sequence[Line], breakers: Mapping[str, str], accused: Mapping[str, str]) -> Table:
    known = {line.key[0]: line for line in lines}
    names = [*known, *(name for name in breakers if name not in known)]
    return Table(
        name="endpoints",
        title="Health by endpoint",
        columns=(
            Column("endpoint", "Endpoint"),
            Column("state", "State now"),
            Column("calls", "Calls", Kind.COUNT),
            Column("failed", "Failed", Kind.COUNT, is_minor=True),
            Column("answered", "Answered", Kind.SHARE),
            Column("mean_latency", "Mean time", Kind.DURATION, is_minor=True),
            Column("tokens_in", "Tokens in", Kind.COUNT, is_minor=True),
            Column("tokens_out", "Tokens out", Kind.COUNT, is_minor=True),
            Column("spent", "Settled", Kind.USD, is_minor=True),
            Column("presumed", "Presumed", Kind.USD, is_minor=True),
        ),
        rows=[(name, _state(name, breakers, accused), *_sums(known.get(name))) for name in names],
    )


def _state(name: str, breakers: Mapping[str, str], accused: Mapping[str, str]) -> str | None:
    if name in accused:
        return f"quarantine: {accused[name]}"
    return {"closed": "in use", "open": "resting", "half-open": "on trial"}.get(
        breakers.get(name, ""), breakers.get(name)
    )


def _sums(line: Line | None) -> tuple[object, ...]:
    if line is None:
        return (0, 0, None, None, 0, 0, 0, 0)
    return (
        line.calls,
        line.failed,
        (line.calls - line.failed, line.calls),
        line.latency_ms // line.calls if line.calls else None,
        line.tokens_in,
        line.tokens_out,
        line.spent,
        line.presumed,
    )
