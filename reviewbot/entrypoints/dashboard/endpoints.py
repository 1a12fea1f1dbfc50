"""The endpoints' page: how well each answered, and which are out of service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.entrypoints.dashboard.page import Meter, Page
from reviewbot.entrypoints.dashboard.plot import Bar, stack
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table
from reviewbot.ledger import insight
from reviewbot.ledger.drains import drained
from reviewbot.ledger.insight import Group
from reviewbot.ledger.pace import Pace, paces
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
        pace = paces(session, asked.span, asked.sight)
    breakers: dict[str, str] = {}
    accused: dict[str, str] = {}
    drains: dict[str, str] = {}
    if asked.sight.is_whole:
        breakers = dict(sources.breakers())
        accused = {name: f"quarantine: {why}" for name, why in flagged(sources.database)}
        drains = {
            each.endpoint: f"drained by {each.who}: {each.why}"
            for each in drained(sources.database)
        }
    return Page(
        template="endpoints.html",
        title="Endpoints",
        meters=tuple(_answered(line, sources.sla) for line in lines),
        tables=(_table(lines, _States(breakers, accused | drains), pace, sources.sla),),
        values={"is_whole": asked.sight.is_whole},
    )


@dataclass(frozen=True, slots=True)
class _States:
    """What the server itself thinks of its endpoints; empty for who does not see all."""

    breakers: Mapping[str, str]
    kept_out: Mapping[str, str]

    def of(self, name: str) -> str | None:
        """In words."""
        if name in self.kept_out:
            return self.kept_out[name]
        return {"closed": "in use", "open": "resting", "half-open": "on trial"}.get(
            self.breakers.get(name, ""), self.breakers.get(name)
        )


def _answered(line: Line, sla: float | None) -> Meter:
    name, good = str(line.key[0]), line.calls - line.failed
    share = 100 * good / line.calls if line.calls else 100
    about = f"{share:.1f} % answered, {line.failed:,} of {line.calls:,} calls failed"
    good_enough, fair = (sla, sla) if sla else (_GOOD, _FAIR)
    mood = "" if share >= good_enough else "high" if share >= fair else "bad"
    if sla:
        about = f"{about}; {'within' if share >= sla else 'below'} the SLA of {sla:g} %"
    bar = Bar(name, (("settled", good), ("failed", line.failed)), about)
    return Meter(name, stack(name, about, bar, line.calls), about, mood)


def _table(
    lines: Sequence[Line], states: _States, pace: Mapping[str, Pace], sla: float | None
) -> Table:
    known = {line.key[0]: line for line in lines}
    names = [*known, *(name for name in states.breakers if name not in known)]
    return Table(
        name="endpoints",
        title="Health by endpoint",
        columns=(
            Column("endpoint", "Endpoint"),
            Column("state", "State now"),
            Column("calls", "Calls", Kind.COUNT),
            Column("failed", "Failed", Kind.COUNT, is_minor=True),
            Column("answered", "Answered", Kind.SHARE),
            *((Column("sla", f"SLA {sla:g} %"),) if sla else ()),
            Column("latency_p50", "Time, p50", Kind.DURATION, is_minor=True),
            Column("latency_p95", "p95", Kind.DURATION, is_minor=True),
            Column("latency_p99", "p99", Kind.DURATION, is_minor=True),
            Column("first_token_p50", "First token, p50", Kind.DURATION, is_minor=True),
            Column("first_token_p95", "p95", Kind.DURATION, is_minor=True),
            Column("spent", "Settled", Kind.USD, is_minor=True),
            Column("presumed", "Presumed", Kind.USD, is_minor=True),
        ),
        rows=[
            (name, states.of(name), *_sums(known.get(name), pace.get(name, Pace()), sla))
            for name in names
        ],
    )


def _sums(line: Line | None, pace: Pace, sla: float | None) -> tuple[object, ...]:
    calls, failed = (line.calls, line.failed) if line else (0, 0)
    met = None if not calls else "met" if 100 * (calls - failed) >= (sla or 0) * calls else "missed"
    return (
        calls,
        failed,
        (calls - failed, calls) if calls else None,
        *((met,) if sla else ()),
        *(pace.p50, pace.p95, pace.p99, pace.first_token_p50, pace.first_token_p95),
        *((line.spent, line.presumed) if line else (0, 0)),
    )
