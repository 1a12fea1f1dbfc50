"""A repository's page: its budget, its pull requests, and what a finding costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from reviewbot.domain.errors import NotFound
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd
from reviewbot.entrypoints.dashboard import acceptance
from reviewbot.entrypoints.dashboard.acceptance import acceptance_figures
from reviewbot.entrypoints.dashboard.page import SUMS, Figure, Page, meter, sums
from reviewbot.entrypoints.dashboard.period import read_period
from reviewbot.entrypoints.dashboard.table import NOTHING, Column, Kind, Table, percent
from reviewbot.ledger import insight
from reviewbot.ledger.insight import Group
from reviewbot.ledger.worth import Aspect, by_pull, worths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.entrypoints.dashboard.page import Asked, Meter, Sources
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.insight import Line
    from reviewbot.ledger.sight import Sight
    from reviewbot.ledger.worth import Worth

_SHOWN = 50  # pull requests on the page


def repository(sources: Sources, asked: Asked, repository_id: int) -> Page:
    """One repository; raises NotFound for what is hidden as for what is not there."""
    with sources.database.snapshot() as session:
        name = name_of(session, asked.sight, repository_id)
        sight = asked.sight.within(repository_id)
        period = read_period(session, asked, sight, sources.strong)
        pulls = insight.lines(session, Group.PULL, asked.span, sight)
        meters = _limits(session, asked, repository_id)
        found = by_pull(session, sight)
        worth = {each: worths(session, each, asked.span, sight) for each in Aspect}
    drawn, table = period.trend()
    return Page(
        template="repository.html",
        title=name,
        figures=(
            *period.figures,
            *_worth(pulls, period.by_model, found),
            *acceptance_figures(worth[Aspect.MODEL], period.cost_of_reviews),
        ),
        meters=meters,
        tables=(
            table,
            _pulls(pulls, found),
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


def _worth(
    pulls: Sequence[Line], by_model: Sequence[Line], found: Mapping[tuple[int, int], Worth]
) -> tuple[Figure, ...]:
    """What a review and a finding cost, and how much the strong tier takes."""
    cost = sum(pull.cost - pull.asked for pull in pulls)
    reviews = sum(pull.reviews for pull in pulls)
    findings = sum(found[pull.key].posted for pull in pulls if pull.key in found)
    strong = [line for line in by_model if line.key[0] == Tier.STRONG]
    calls = percent(sum(line.calls for line in strong), sum(line.calls for line in by_model))
    share = percent(sum(line.cost for line in strong), sum(line.cost for line in by_model))
    return (
        Figure(
            "Cost per review",
            format_usd(cost // reviews) if reviews else NOTHING,
            f"{reviews:,} reviews of {len(pulls):,} pull requests",
        ),
        Figure(
            "Cost per finding",
            format_usd(cost // findings) if findings else NOTHING,
            f"{findings:,} findings posted on these pull requests",
        ),
        Figure("Escalation share", share, f"of the money; {calls} of the calls"),
    )


def _pulls(pulls: Sequence[Line], found: Mapping[tuple[int, int], Worth]) -> Table:
    return Table(
        name="pulls",
        title="Pull requests by cost",
        columns=(
            Column("pull_request", "Pull request"),
            *SUMS,
            Column("saved", "Saved by the cache", Kind.USD, is_minor=True),
            Column("findings", "Findings", Kind.COUNT),
            Column("cost_per_finding", "Per finding", Kind.USD, is_minor=True),
            Column("accepted", "Accepted", Kind.COUNT),
        ),
        rows=[
            (
                f"#{pull.key[1]}",
                *sums(pull),
                pull.saved,
                worth.posted if worth else 0,
                (pull.cost - pull.asked) // worth.posted if worth else None,
                worth.accepted if worth else 0,
            )
            for pull in pulls
            for worth in [found.get(pull.key)]
        ],
        links=[
            url_for("costs.pull", repository_id=pull.key[0], number=pull.key[1])
            for pull in pulls[:_SHOWN]
        ],
        most=_SHOWN,
    )
