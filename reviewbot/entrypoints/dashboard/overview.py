"""The overview: this month against its limits, and where the money went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import url_for

from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.entrypoints.dashboard import acceptance
from reviewbot.entrypoints.dashboard.acceptance import acceptance_figures
from reviewbot.entrypoints.dashboard.figures import BASIS_DAYS, forecast, routing
from reviewbot.entrypoints.dashboard.page import (
    SUMS,
    Figure,
    Page,
    meter,
    models_table,
    saved_figures,
    sums,
    trend,
)
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table
from reviewbot.ledger import insight
from reviewbot.ledger.insight import Group, Line
from reviewbot.ledger.sight import Span
from reviewbot.ledger.worth import Aspect, worths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reviewbot.entrypoints.dashboard.page import Asked, Meter, Sources
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.insight import Gauge, UnderWay
    from reviewbot.ledger.sight import Sight


def overview(sources: Sources, asked: Asked) -> Page:
    """All repositories within sight."""
    with sources.database.snapshot() as session:
        days = every_day(session, asked.span, asked.sight)
        names = insight.names(session, asked.sight)
        by_repository = insight.lines(session, Group.REPOSITORY, asked.span, asked.sight)
        by_model = insight.lines(session, Group.MODEL, asked.span, asked.sight)
        waiting = insight.under_way(session, asked.sight)
        month = month_figures(session, asked.sight, asked.now, waiting)
        meters = _limits(session, asked) if asked.sight.is_whole else ()
        gauges = insight.gauges(session, [f"repo:{n}:{asked.now:%Y-%m}" for n in names])
        worth = {each: worths(session, each, asked.span, asked.sight) for each in Aspect}
    drawn, table = trend(days)
    routed = routing(by_model, sources.yardstick)
    saved = sum(day.saved for day in days)
    cost = sum(day.cost for day in days)
    return Page(
        template="overview.html",
        title="Costs",
        figures=(
            *month,
            *saved_figures(saved, routed),
            *acceptance_figures(worth[Aspect.MODEL], cost),
        ),
        meters=meters,
        tables=(
            table,
            _repositories(by_repository, names, gauges, waiting),
            models_table(by_model, reserved_by_model(waiting)),
            acceptance.by_model(worth[Aspect.MODEL]),
            acceptance.by_category(worth[Aspect.CATEGORY]),
            acceptance.by_repository(worth[Aspect.REPOSITORY], names, by_repository),
        ),
        values={"trend": drawn},
    )


def every_day(session: Session, span: Span, sight: Sight) -> list[Line]:
    """A line for each day, also where nothing was spent."""
    found = {line.key[0]: line for line in insight.lines(session, Group.DAY, span, sight)}
    days = [f"{span.first + timedelta(days=n)}" for n in range(span.days)]
    nothing = PicoUsd(0)
    return [found.get(day, Line((day,), 0, 0, 0, 0, nothing, nothing, nothing)) for day in days]


def month_figures(
    session: Session, sight: Sight, now: datetime, waiting: Sequence[UnderWay]
) -> tuple[Figure, ...]:
    """This month so far, what may come on top, and where it is going."""
    today = now.date()
    basis = Span(min(today.replace(day=1), today - timedelta(days=BASIS_DAYS)), today)
    lines = insight.lines(session, Group.DAY, basis, sight)
    costs = {line.key[0]: line.cost for line in lines}
    month = [line for line in lines if line.key[0].startswith(f"{today:%Y-%m}")]
    expected = forecast(costs, now, insight.first_day(session, sight))
    reserved = sum(each.worst for each in waiting)
    reviews = sum(line.reviews for line in month)
    return (
        Figure(
            "This month",
            format_usd(sum(line.spent for line in month)),
            f"settled, in {reviews:,} reviews",
        ),
        Figure(
            "Presumed",
            format_usd(sum(line.presumed for line in month)),
            "calls whose end nobody learned, at their worst case",
        ),
        Figure("Reserved now", format_usd(reserved), f"{len(waiting)} calls under way, at most"),
        Figure(
            "Forecast",
            format_usd(expected),
            f"for {now:%B}, at the pace of the last {BASIS_DAYS} days",
        ),
    )


def reserved_by_model(waiting: Sequence[UnderWay]) -> dict[tuple[str, str], int]:
    """What calls under way may cost, by tier and model."""
    found: dict[tuple[str, str], int] = {}
    for each in waiting:
        found[each.tier, each.model] = found.get((each.tier, each.model), 0) + each.worst
    return found


def _limits(session: Session, asked: Asked) -> tuple[Meter, ...]:
    """Limits over all repositories: only for those who see all."""
    month = f"{asked.now:%Y-%m}"
    server = insight.gauges_of(session, "server", month)
    installations = insight.gauges_of(session, "installation", month)
    return (
        *(meter("Server, this month", gauge) for gauge in server),
        *(
            meter(f"Installation {gauge.scope.split(':')[1]}, this month", gauge)
            for gauge in installations
        ),
    )


def _repositories(
    lines: Sequence[Line],
    names: Mapping[int, str],
    gauges: Mapping[str, Gauge],
    waiting: Sequence[UnderWay],
) -> Table:
    by_id = {int(scope.split(":")[1]): gauge for scope, gauge in gauges.items()}
    reserved: dict[int, int] = {}
    for each in waiting:
        reserved[each.repository_id] = reserved.get(each.repository_id, 0) + each.worst
    return Table(
        name="repositories",
        title="By repository",
        columns=(
            Column("repository", "Repository"),
            *SUMS,
            Column("reserved", "Reserved", Kind.USD, is_minor=True),
            Column("saved", "Saved by the cache", Kind.USD, is_minor=True),
            Column("month_limit", "Limit a month", Kind.USD, is_minor=True),
            Column("month_used", "Of it used", Kind.SHARE),
        ),
        rows=[
            (
                names.get(line.key[0], str(line.key[0])),
                *sums(line),
                reserved.get(line.key[0], 0),
                line.saved,
                gauge.cap if gauge else None,
                (gauge.used, gauge.cap) if gauge else None,
            )
            for line in lines
            for gauge in [by_id.get(line.key[0])]
        ],
        links=[url_for("costs.repository", repository_id=line.key[0]) for line in lines],
    )
