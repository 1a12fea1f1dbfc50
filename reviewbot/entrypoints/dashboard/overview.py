"""The overview: this month against its limits, and where the money went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from reviewbot.entrypoints.dashboard import acceptance
from reviewbot.entrypoints.dashboard.acceptance import acceptance_figures
from reviewbot.entrypoints.dashboard.page import SUMS, Page, meter, sums
from reviewbot.entrypoints.dashboard.period import read_period
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table
from reviewbot.ledger import insight
from reviewbot.ledger.insight import Group
from reviewbot.ledger.worth import Aspect, worths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.entrypoints.dashboard.page import Asked, Meter, Sources
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.forecasts import Accuracy
    from reviewbot.ledger.insight import Gauge, Line, UnderWay


def overview(sources: Sources, asked: Asked) -> Page:
    """All repositories within sight."""
    with sources.database.snapshot() as session:
        period = read_period(session, asked, asked.sight, sources.strong)
        names = insight.names(session, asked.sight)
        by_repository = insight.lines(session, Group.REPOSITORY, asked.span, asked.sight)
        meters = _limits(session, asked) if asked.sight.is_whole else ()
        gauges = insight.gauges(session, [f"repo:{n}:{asked.now:%Y-%m}" for n in names])
        worth = {each: worths(session, each, asked.span, asked.sight) for each in Aspect}
    drawn, table = period.trend()
    return Page(
        template="overview.html",
        title="Costs",
        figures=(
            *period.figures,
            period.accuracy("#forecasts"),
            *acceptance_figures(worth[Aspect.MODEL], period.cost_of_reviews),
        ),
        meters=meters,
        tables=(
            table,
            _repositories(by_repository, names, gauges, period.waiting, asked),
            period.models(),
            _forecasts(period.accuracies[1:], names),
            acceptance.by_model(worth[Aspect.MODEL]),
            acceptance.by_category(worth[Aspect.CATEGORY]),
            acceptance.by_repository(worth[Aspect.REPOSITORY], names, by_repository, asked),
        ),
        values={"trend": drawn},
    )


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
    asked: Asked,
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
        links=[
            url_for("costs.repository", repository_id=line.key[0], **asked.kept) for line in lines
        ],
    )


def _forecasts(errors: Sequence[Accuracy], names: Mapping[int, str]) -> Table:
    return Table(
        name="forecasts",
        title="How good forecasts of reviews were",
        columns=(
            Column("repository", "Repository"),
            Column("reviews", "Reviews", Kind.COUNT),
            Column("within_p90", "Within p90", Kind.SHARE),
            Column("median_error", "Median error", Kind.SHARE),
            Column("median_lean", "Costs against p50", Kind.SHARE, is_minor=True),
            Column("foreseen", "Forecast (p50)", Kind.USD, is_minor=True),
            Column("cost", "Cost", Kind.USD, is_minor=True),
        ),
        rows=[
            (
                names.get(each.repository_id or 0, str(each.repository_id)),
                each.reviews,
                (each.within_p90, each.reviews),
                (each.error, 1000),
                (1000 + each.lean, 1000),
                each.foreseen,
                each.cost,
            )
            for each in errors
        ],
        empty="No review was forecast in this time.",
    )
