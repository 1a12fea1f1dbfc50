"""A repository's page: its budget, its pull requests, and what a finding costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from reviewbot.domain.errors import NotFound
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd
from reviewbot.entrypoints.dashboard import acceptance
from reviewbot.entrypoints.dashboard.acceptance import acceptance_figures
from reviewbot.entrypoints.dashboard.page import SUMS, Figure, Page, counted, meter, sums
from reviewbot.entrypoints.dashboard.period import read_period
from reviewbot.entrypoints.dashboard.table import NOTHING, Column, Kind, Table, percent
from reviewbot.ledger import insight
from reviewbot.ledger.insight import Group
from reviewbot.ledger.worth import Aspect, cost_each, worths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.entrypoints.dashboard.page import Asked, Meter, Sources
    from reviewbot.entrypoints.dashboard.period import Period
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.insight import Line
    from reviewbot.ledger.sight import Sight

_SHOWN = 50  # pull requests on the page


def repository(sources: Sources, asked: Asked, repository_id: int) -> Page:
    """One repository; raises NotFound for what is hidden as for what is not there."""
    with sources.database.snapshot() as session:
        name = name_of(session, asked.sight, repository_id)
        sight = asked.sight.within(repository_id)
        period = read_period(session, asked, sight, sources.strong)
        pulls = insight.lines(session, Group.PULL, asked.span, sight)
        meters = _limits(session, asked, repository_id)
        worth = {each: worths(session, each, asked.span, sight) for each in Aspect}
    drawn, table = period.trend()
    return Page(
        template="repository.html",
        title=name,
        figures=(
            *period.figures,
            period.accuracy(),
            *_reviews(period, len(pulls)),
            *acceptance_figures(worth[Aspect.MODEL], period.cost_of_reviews),
        ),
        meters=meters,
        tables=(
            table,
            _pulls(pulls, asked),
            period.models(),
            acceptance.by_model(worth[Aspect.MODEL]),
            acceptance.by_category(worth[Aspect.CATEGORY]),
        ),
        values={"trend": drawn, "github": f"{sources.github_url}/{name}"},
    )


def name_of(session: Session, sight: Sight, repository_id: int) -> str:
    """The repository's newest name; raises NotFound."""
    names = insight.names(session, sight.within(repository_id))
    if repository_id not in names:
        message = "no such repository"
        raise NotFound(message)
    return names[repository_id]


def _limits(session: Session, asked: Asked, repository_id: int) -> tuple[Meter, ...]:
    periods = {"Today": f"{asked.now:%Y-%m-%d}", "This month": f"{asked.now:%Y-%m}"}
    scopes = {f"repo:{repository_id}:{period}": title for title, period in periods.items()}
    gauges = insight.gauges(session, scopes)
    return tuple(meter(title, gauges[s]) for s, title in scopes.items() if s in gauges)


def _reviews(period: Period, pulls: int) -> tuple[Figure, ...]:
    """What a review cost, and how much of it the strong tier took; questions aside."""
    cost, reviews = period.cost_of_reviews, sum(day.reviews for day in period.days)
    strong = [line for line in period.by_model if line.key[0] == Tier.STRONG]
    share = percent(sum(line.cost_of_reviews for line in strong), cost)
    calls = percent(sum(line.calls for line in strong), sum(line.calls for line in period.by_model))
    return (
        Figure(
            "Cost per review",
            format_usd(cost // reviews) if reviews else NOTHING,
            f"{counted(reviews, 'review')} of {counted(pulls, 'pull request')}",
            link="#pulls",
        ),
        Figure(
            "Escalation share",
            share,
            f"of what reviews cost; {calls} of all calls",
            link="#models",
        ),
    )


def _pulls(pulls: Sequence[Line], asked: Asked) -> Table:
    return Table(
        name="pulls",
        title="Pull requests by cost",
        columns=(
            Column("pull_request", "Pull request"),
            *SUMS,
            Column("saved", "Saved", Kind.USD, is_minor=True),
            Column("findings", "Findings", Kind.COUNT),
            Column("cost_per_finding", "Per finding", Kind.USD, is_minor=True),
            Column("accepted", "Accepted", Kind.COUNT),
            Column("cost_per_accepted", "Per accepted", Kind.USD, is_minor=True),
        ),
        rows=[
            (
                f"#{pull.key[1]}",
                *sums(pull),
                pull.saved,
                pull.findings,
                cost_each(pull.cost_of_reviews, pull.findings),
                pull.accepted,
                cost_each(pull.cost_of_reviews, pull.accepted),
            )
            for pull in pulls
        ],
        links=[
            url_for("costs.pull", repository_id=pull.key[0], number=pull.key[1], **asked.kept)
            for pull in pulls[:_SHOWN]
        ],
        most=_SHOWN,
    )
