"""The alerts' page: limits reached, starved reviews, endpoints and work for a person to see."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import url_for

from reviewbot.domain.scope import Kind as ScopeKind
from reviewbot.entrypoints.dashboard.page import Figure, Page, counted
from reviewbot.entrypoints.dashboard.span import begin_of, end_of
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table
from reviewbot.ledger import alerts as ledger_alerts
from reviewbot.ledger.quarantine import flagged
from reviewbot.ledger.reviews import starved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.pull_request import PullKey
    from reviewbot.entrypoints.dashboard.page import Asked, Sources
    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.desk import Dead
    from reviewbot.ledger.reviews import Starved
    from reviewbot.ledger.sight import Sight

_OF_REPOSITORIES = {
    ScopeKind.PULL,
    ScopeKind.AUTHOR_DAY,
    ScopeKind.REPOSITORY_DAY,
    ScopeKind.REPOSITORY_MONTH,
}
_OF_PERIODS = {*ScopeKind} - {ScopeKind.PULL, ScopeKind.REVIEW}


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs a person, within sight."""

    raised: Sequence[Alert]
    hungry: Sequence[Starved]
    accused: Sequence[tuple[str, str]]
    dead: Sequence[Dead]


def read_needs(sources: Sources, asked: Asked) -> Needs:
    """What came up in the time; endpoints only for those who see all."""
    begin, end = begin_of(asked.span.first), end_of(asked.span.last)
    sight = asked.sight
    return Needs(
        raised=[
            alert
            for alert in ledger_alerts.recent(sources.database, begin)
            if alert.at < end and _sees(sight, alert)
        ],
        hungry=[
            each
            for each in starved(sources.database, begin)
            if each.at < end and sight.sees(each.key.repository_id)
        ],
        accused=flagged(sources.database) if sight.is_whole else [],
        dead=[each for each in sources.desk.dead() if sight.sees(each.key.repository_id)],
    )


def alerts(sources: Sources, asked: Asked) -> Page:
    """What needs a person, within sight."""
    needs = read_needs(sources, asked)
    return Page(
        template="alerts.html",
        title="Alerts",
        figures=_figures(needs, asked),
        tables=(
            _starved(needs.hungry, asked),
            *((_quarantined(needs.accused),) if asked.sight.is_whole else ()),
            _dead(needs.dead, asked),
            _limits(needs.raised),
        ),
    )


def _sees(sight: Sight, alert: Alert) -> bool:
    """Whether an alert is about a repository within sight.

    Those about more than one repository are for those who see all.
    """
    if sight.is_whole:
        return True
    if alert.kind not in _OF_REPOSITORIES:
        return False
    repository_id = alert.scope.split(":")[1].partition("/")[0]
    return repository_id.isdecimal() and sight.sees(int(repository_id))


def _figures(needs: Needs, asked: Asked) -> tuple[Figure, ...]:
    full = sum(alert.level >= ledger_alerts.LEVELS[-1] for alert in needs.raised)
    accused = "#quarantined" if asked.sight.is_whole else ""
    cards = (
        ("Starved reviews", len(needs.hungry), "not read in full for want of money", "#starved"),
        ("Endpoints in quarantine", len(needs.accused), "billed more than was possible", accused),
        ("Dead work", len(needs.dead), "given up after too many tries", "#dead"),
        ("Limits used up", full, f"{counted(len(needs.raised), 'alert')} in all", "#limits"),
    )
    return tuple(
        Figure(title, f"{number}", about, "bad" if number else "good", link)
        for title, number, about, link in cards
    )


def _link(key: PullKey, asked: Asked) -> str:
    return url_for("costs.pull", repository_id=key.repository_id, number=key.number, **asked.kept)


def _starved(hungry: Sequence[Starved], asked: Asked) -> Table:
    return Table(
        name="starved",
        title="Starved reviews",
        columns=(
            Column("pull_request", "Pull request"),
            Column("at", "Since (UTC)", Kind.TIME),
            Column("limits", "Without room"),
        ),
        rows=[
            (f"{each.repository}#{each.key.number}", each.at, ", ".join(each.shortages))
            for each in hungry
        ],
        links=[_link(each.key, asked) for each in hungry],
        empty="Every newest review had the money it needed.",
    )


def _quarantined(accused: Sequence[tuple[str, str]]) -> Table:
    return Table(
        name="quarantined",
        title="Endpoints in quarantine",
        columns=(Column("endpoint", "Endpoint"), Column("why", "What it did")),
        rows=list(accused),
        empty="None.",
    )


def _dead(dead: Sequence[Dead], asked: Asked) -> Table:
    return Table(
        name="dead",
        title="Dead work",
        columns=(Column("pull_request", "Pull request"), Column("error", "Last error", Kind.CODE)),
        rows=[(f"{each.repository}#{each.key.number}", each.error) for each in dead],
        links=[_link(each.key, asked) for each in dead],
        empty="None.",
    )


def _explained(alert: Alert) -> str:
    """Where the money of a limit went: a pull request, or the period of a repository or of all."""
    whose, _, period = alert.scope.partition(":")[2].rpartition(":")
    if alert.kind is ScopeKind.PULL:
        repository_id, _, number = period.partition("/")
        return url_for("costs.pull", repository_id=int(repository_id), number=int(number))
    if alert.kind not in _OF_PERIODS:
        return ""
    is_day = period.count("-") > 1
    first = date.fromisoformat(period if is_day else f"{period}-01")
    length = 1 if is_day else calendar.monthrange(first.year, first.month)[1]
    last = first + timedelta(days=length - 1)
    days: dict[str, Any] = {"since": f"{first}", "until": f"{last}"}
    if alert.kind not in _OF_REPOSITORIES:
        return url_for("costs.overview", **days)
    return url_for("costs.repository", repository_id=int(whose.partition("/")[0]), **days)


def _limits(raised: Sequence[Alert]) -> Table:
    return Table(
        name="limits",
        title="Limits reached in part or in full",
        columns=(
            Column("at", "Time (UTC)", Kind.TIME),
            Column("scope", "Limit of"),
            Column("level", "Level", Kind.SHARE),
            Column("spent", "Spent", Kind.USD),
            Column("limit", "Limit", Kind.USD, is_minor=True),
            Column("last_by", "Last by", is_minor=True),
        ),
        rows=[
            (
                alert.at,
                alert.kind.value.replace("-", " "),
                (alert.level, 100),
                alert.spent,
                alert.cap,
                f"{alert.repository}#{alert.number}",
            )
            for alert in raised
        ],
        links=[_explained(alert) for alert in raised],
    )
