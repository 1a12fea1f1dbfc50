"""What a page is made of, and where its figures come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup

from reviewbot.domain.money import PICO_PER_USD, format_usd
from reviewbot.entrypoints.dashboard.plot import Bar, columns, stack
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from reviewbot.entrypoints.dashboard.figures import Routing
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.desk import Desk
    from reviewbot.ledger.insight import Gauge, Line
    from reviewbot.ledger.sight import Sight, Span

_KEPT = ("since", "until", "team")
_MOST_BARS, _WEEK = 120, 7  # days
_LONG = 9  # characters
_MOST_DAYS = 31  # rows on the page, the newest first
_FULL, _HIGH = 100, 80  # per cent of a limit


@dataclass(frozen=True, slots=True)
class Sources:
    """Where pages get their figures from."""

    database: Database
    desk: Desk
    breakers: Callable[[], Sequence[tuple[str, str]]]  # endpoints, and whether requests pass
    strong: str  # the preferred strong model; empty without one
    github_url: str
    now: Callable[[], datetime]
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)  # patterns of repositories
    sla: float | None = None  # per cent of calls that an endpoint should answer


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, by whom: the sight is applied before anything is added up.

    Where *team* is one of *teams*, the sight is that team's part of what the visitor may see.
    """

    sight: Sight
    span: Span
    now: datetime
    arguments: Mapping[str, str]
    team: str = ""
    teams: Sequence[str] = ()

    @property
    def kept(self) -> dict[str, Any]:
        """What links to other pages carry on: the time and the team that the visitor chose."""
        return {name: value for name in _KEPT if (value := self.arguments.get(name))}

    @property
    def query(self) -> str:
        """What addresses of the same time and team end with."""
        return self.query_of(self.span.first, self.span.last)

    def query_of(self, first: date | str, last: date | str) -> str:
        """The same of another time."""
        team = {"team": self.team} if self.team else {}
        return f"?{urlencode({'since': f'{first}', 'until': f'{last}', **team})}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number, with what it means, and where it is explained."""

    title: str
    value: str
    about: str = ""
    mood: str = ""  # good, bad, or neither
    link: str = ""

    @property
    def is_long(self) -> bool:
        """Whether the value needs a smaller type."""
        return len(self.value) > _LONG


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit, drawn."""

    title: str
    drawn: Markup
    about: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is rendered; *values* are the template's own."""

    template: str
    title: str
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()
    meters: tuple[Meter, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""  # what its downloads' addresses end with, where that is no time

    def table(self, name: str) -> Table | None:
        """The table of that name."""
        return next((table for table in self.tables if table.name == name), None)


def counted(number: int, thing: str) -> str:
    """So many of something."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def meter(title: str, gauge: Gauge) -> Meter:
    """Settled, presumed and reserved apart, against the limit."""
    parts = (
        ("settled", gauge.settled),
        ("presumed", gauge.presumed),
        ("reserved", gauge.reserved),
    )
    said = f"{format_usd(gauge.used)} of {format_usd(gauge.cap)}"
    apart = [f"{format_usd(value)} {name}" for name, value in parts if value and name != "settled"]
    about = f"{said} ({percent(gauge.used, gauge.cap)})"
    if apart:
        about = f"{about}, of that {', '.join(apart)}"
    if gauge.closed_by:
        about = f"{about}; closed, because {gauge.closed_by} overbilled"
    bar = Bar(title, parts, about)
    return Meter(title, stack(title, about, bar, gauge.cap), about, _mood(gauge))


def _mood(gauge: Gauge) -> str:
    used = 100 * gauge.used // gauge.cap if gauge.cap else 0
    if used >= _FULL or gauge.closed_by:
        return "bad"
    return "high" if used >= _HIGH else ""


# --- what several pages show -------------------------------------------------------------------

SUMS = (
    Column("reviews", "Reviews", Kind.COUNT),
    Column("questions", "Questions", Kind.COUNT, is_minor=True),
    Column("calls", "Calls", Kind.COUNT, is_minor=True),
    Column("tokens_in", "Tokens in", Kind.COUNT, is_minor=True),
    Column("tokens_out", "Tokens out", Kind.COUNT, is_minor=True),
    Column("spent", "Settled", Kind.USD),
    Column("presumed", "Presumed", Kind.USD, is_minor=True),
)


def sums(line: Line) -> tuple[int, ...]:
    """The values of SUMS."""
    return (
        line.reviews,
        line.questions,
        line.calls,
        line.tokens_in,
        line.tokens_out,
        line.spent,
        line.presumed,
    )


def trend(days: Sequence[Line], asked: Asked) -> tuple[Markup, Table]:
    """Costs by day, as plot and as table; *days* holds every day, also those without costs.

    Where they are many, a bar is a week.
    """
    size = 1 if len(days) <= _MOST_BARS else _WEEK
    bars = [_bar(days[at : at + size]) for at in range(0, len(days), size)]
    total, dearest = sum(day.cost for day in days), max(days, key=lambda day: day.cost)
    title = "Costs by day" if size == 1 else "Costs by week"
    about = (
        f"{len(days)} days, {format_usd(total)} in all; the dearest was {dearest.key[0]}"
        f" with {format_usd(dearest.cost)}. The table below has every figure."
    )
    table = Table(
        name="days",
        title=title,
        columns=(Column("day", "Day"), *SUMS, Column("saved", "Saved by the cache", Kind.USD)),
        rows=[(day.key[0], *sums(day), day.saved) for day in reversed(days)],
        links=[asked.query_of(day.key[0], day.key[0]) for day in reversed(days)],
        most=_MOST_DAYS,
    )
    return columns(title, about, bars, _tick) if total else Markup(), table


def _tick(amount: int) -> str:
    """An amount beside a plot: short, as the plot's scale has round ones."""
    usd = Decimal(amount) / PICO_PER_USD
    for least, size, letter in ((1_000_000, 1_000_000, "M"), (10_000, 1_000, "k")):
        if usd >= least:
            return f"${usd / size:,.6g}{letter}"
    return f"${usd:,.6g}" if usd >= 1 else format_usd(amount)


def _bar(days: Sequence[Line]) -> Bar:
    first, last = days[0].key[0], days[-1].key[0]
    spent, presumed = sum(day.spent for day in days), sum(day.presumed for day in days)
    when = first if first == last else f"{first} to {last}"
    return Bar(
        first[5:] if len(days) == 1 else first[:7],
        (("settled", spent), ("presumed", presumed)),
        f"{when}: {format_usd(spent)} settled, {format_usd(presumed)} presumed,"
        f" {sum(day.reviews for day in days)} reviews",
    )


def models_table(by_model: Sequence[Line], reserved: Mapping[tuple[str, str], int]) -> Table:
    """Costs by tier and model."""
    whole = sum(line.cost for line in by_model)
    return Table(
        name="models",
        title="By model and tier",
        columns=(
            Column("model", "Model"),
            Column("tier", "Tier"),
            Column("calls", "Calls", Kind.COUNT),
            Column("tokens_in", "Tokens in", Kind.COUNT, is_minor=True),
            Column("tokens_out", "Tokens out", Kind.COUNT, is_minor=True),
            Column("spent", "Settled", Kind.USD),
            Column("presumed", "Presumed", Kind.USD, is_minor=True),
            Column("reserved", "Reserved", Kind.USD, is_minor=True),
            Column("share", "Share", Kind.SHARE),
        ),
        rows=[
            (
                line.key[1],
                line.key[0],
                *(line.calls, line.tokens_in, line.tokens_out, line.spent, line.presumed),
                reserved.get((line.key[0], line.key[1]), 0),
                (line.cost, whole),
            )
            for line in by_model
        ],
    )


def saved_figures(saved: int, routed: Routing | None) -> tuple[Figure, ...]:
    """What the cache and cheap-first saved."""
    cache = Figure(
        "Saved by the cache",
        format_usd(saved),
        "what answers known before would have cost",
        "good" if saved else "",
        "#days",
    )
    if routed is None:
        return (cache,)
    about = (
        f"{format_usd(routed.spent)} instead of {format_usd(routed.instead)} with everything"
        f" on {routed.model}"
    )
    mood = "good" if routed.saved > 0 else ""
    shown = format_usd(routed.saved) if routed.saved >= 0 else f"-{format_usd(-routed.saved)}"
    return (cache, Figure("Saved by cheap-first", shown, about, mood, "#models"))
