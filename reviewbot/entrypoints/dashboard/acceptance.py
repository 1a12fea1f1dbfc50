"""What findings were worth to people, as figures and tables of several pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from reviewbot.domain.money import format_usd
from reviewbot.entrypoints.dashboard.page import Figure, counted
from reviewbot.entrypoints.dashboard.table import NOTHING, Column, Kind, Table, percent
from reviewbot.ledger.worth import cost_each, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.entrypoints.dashboard.page import Asked
    from reviewbot.ledger.insight import Line
    from reviewbot.ledger.worth import Received, Worth

_COUNTS = (
    Column("posted", "Posted", Kind.COUNT),
    Column("accepted", "Accepted", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT, is_minor=True),
    Column("unknown", "Unknown", Kind.COUNT, is_minor=True),
    Column("acceptance", "Rate", Kind.SHARE),
)
_EMPTY = "No findings were posted on lines in this time."


def acceptance_figures(worth: list[Worth], cost: int) -> tuple[Figure, ...]:
    """How many findings people wanted, and what one cost.

    *cost* is what reviews cost in the time in which the findings of *worth* were posted.
    """
    whole = total(worth)
    return (
        Figure(
            "Accepted findings",
            percent(whole.accepted, whole.judged),
            f"{whole.accepted:,} accepted, {whole.rejected:,} rejected, {whole.unknown:,} unknown",
            link="#acceptance_by_model",
        ),
        *cost_figures(cost, whole, "in the time shown", "#acceptance_by_model"),
    )


def cost_figures(cost: int, worth: Worth, when: str, link: str) -> tuple[Figure, Figure]:
    """What reviews cost by the findings of the same time."""
    posted, accepted = worth.posted, worth.accepted
    return (
        Figure(
            "Cost per finding",
            _shown(cost_each(cost, posted)),
            f"of reviews; {counted(posted, 'finding')} posted on lines {when}",
            link=link,
        ),
        Figure(
            "Cost per accepted finding",
            _shown(cost_each(cost, accepted)),
            f"of reviews; {accepted:,} of these findings were accepted",
            link=link,
        ),
    )


def _shown(amount: PicoUsd | None) -> str:
    return NOTHING if amount is None else format_usd(amount)


def by_model(worth: Sequence[Worth]) -> Table:
    """Whose findings people wanted."""
    return Table(
        name="acceptance_by_model",
        title="Acceptance by model",
        columns=(Column("model", "Model"), Column("tier", "Tier", is_minor=True), *_COUNTS),
        rows=[(each.key[1] or "without a model", each.key[0], *_counts(each)) for each in worth],
        empty=_EMPTY,
    )


def by_category(worth: Sequence[Worth]) -> Table:
    """Which kinds of findings people wanted."""
    return Table(
        name="acceptance_by_category",
        title="Acceptance by category",
        columns=(Column("category", "Category"), *_COUNTS),
        rows=[(each.key[0], *_counts(each)) for each in worth],
        empty=_EMPTY,
    )


def by_repository(
    worth: Sequence[Worth], names: Mapping[int, str], costs: Sequence[Line], asked: Asked
) -> Table:
    """Where people wanted findings, and what one cost there."""
    cost = {line.key[0]: line.cost_of_reviews for line in costs}
    return Table(
        name="acceptance_by_repository",
        title="Acceptance by repository",
        columns=(
            Column("repository", "Repository"),
            *_COUNTS,
            Column("cost_per_finding", "Per finding", Kind.USD, is_minor=True),
            Column("cost_per_accepted", "Per accepted", Kind.USD),
        ),
        rows=[
            (
                names.get(each.key[0], str(each.key[0])),
                *_counts(each),
                cost_each(cost.get(each.key[0], 0), each.posted),
                cost_each(cost.get(each.key[0], 0), each.accepted),
            )
            for each in worth
        ],
        links=[
            url_for("costs.repository", repository_id=each.key[0], **asked.kept) for each in worth
        ],
        empty=_EMPTY,
    )


def of_pull(found: Sequence[Received]) -> Table:
    """What was posted on one pull request's lines over its life, and what became of it."""
    return Table(
        name="received",
        title="Posted on lines, and what people made of it",
        columns=(
            Column("title", "Finding"),
            Column("severity", "Severity"),
            Column("category", "Category", is_minor=True),
            Column("path", "File", Kind.CODE, is_minor=True),
            Column("model", "Model", is_minor=True),
            Column("posted_at", "Posted (UTC)", Kind.TIME, is_minor=True),
            Column("acceptance", "People say"),
            Column("because", "By", is_minor=True),
        ),
        rows=[
            (
                each.title,
                each.severity,
                each.category,
                each.path,
                each.model or each.tier,
                each.at,
                each.acceptance,
                each.because,
            )
            for each in found
        ],
        empty="Nothing was posted on lines.",
    )


def _counts(worth: Worth) -> tuple[object, ...]:
    acceptance = (worth.accepted, worth.judged) if worth.judged else None
    return (worth.posted, worth.accepted, worth.rejected, worth.unknown, acceptance)
