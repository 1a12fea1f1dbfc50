"""A pull request's page: its reviews, their calls, what was read, and what came of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from reviewbot.domain.errors import NotFound
from reviewbot.domain.money import format_usd
from reviewbot.entrypoints.dashboard import acceptance
from reviewbot.entrypoints.dashboard.acceptance import cost_figures
from reviewbot.entrypoints.dashboard.asking import LARGEST_ID
from reviewbot.entrypoints.dashboard.page import Figure, Page, counted, meter
from reviewbot.entrypoints.dashboard.plot import Bar, Stretch, stack, timeline
from reviewbot.entrypoints.dashboard.repository import name_of
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table
from reviewbot.ledger import insight
from reviewbot.ledger.pull_record import MOST_CALLS, calls_of, reviews_of
from reviewbot.ledger.worth import Worth, received

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from reviewbot.entrypoints.dashboard.page import Asked, Sources
    from reviewbot.ledger.insight import Line
    from reviewbot.ledger.pull_record import PastCall, PastReview

_SHA = 7
_MISSING = "no such pull request"
_REVIEWS = (
    Column("begun", "Begun (UTC)", Kind.TIME),
    Column("head", "Commit", Kind.CODE, is_minor=True),
    Column("cause", "Asked for by", is_minor=True),
    Column("state", "Ended", is_minor=True),
    Column("complete", "Read in full", is_minor=True),
    Column("findings", "Findings", Kind.COUNT),
    Column("p50", "Forecast p50", Kind.USD, is_minor=True),
    Column("p90", "Forecast p90", Kind.USD, is_minor=True),
    Column("cost", "Cost", Kind.USD),
    Column("saved", "Saved", Kind.USD, is_minor=True),
)
_CLASSES = ("read", "known", "excluded", "over_budget", "failed")


def pull(sources: Sources, asked: Asked, repository_id: int, number: int) -> Page:
    """One pull request over its whole life; raises NotFound for what is hidden or not there."""
    if number > LARGEST_ID:
        raise NotFound(_MISSING)
    with sources.database.snapshot() as session:
        name = name_of(session, asked.sight, repository_id)
        reviews = reviews_of(session, repository_id, number)
        calls = calls_of(session, (repository_id, number), [review.id for review in reviews])
        life = insight.whole_life(session, repository_id, number)
        if not reviews and not calls and not life.calls:
            raise NotFound(_MISSING)
        [*gauges] = insight.gauges(session, [f"pr:{repository_id}/{number}"]).values()
        posted = received(session, repository_id, number)
    chosen = _chosen(reviews, asked.arguments.get("review", ""))
    its_calls = [call for call in calls if chosen and call.review_id == chosen.id]
    return Page(
        template="pull.html",
        title=f"{name}#{number}",
        figures=_figures(life, reviews, calls),
        meters=tuple(meter("This pull request, for life", gauge) for gauge in gauges),
        tables=(
            _reviews(reviews, (repository_id, number), asked),
            _findings(chosen),
            acceptance.of_pull(posted),
            _receipt(chosen),
            _calls(calls),
        ),
        query=f"?review={chosen.id}" if chosen else "",
        values={
            "repository": name,
            "repository_id": repository_id,
            "github": f"{sources.github_url}/{name}/pull/{number}",
            "review": chosen,
            "timeline": _timeline(its_calls),
            "coverage": _coverage(chosen),
        },
    )


def _chosen(reviews: Sequence[PastReview], wanted: str) -> PastReview | None:
    """The review asked for, or the newest one that has a report; None where nobody reviewed."""
    for review in reviews:
        if review.id == wanted:
            return review
    return next((review for review in reviews if review.report), next(iter(reviews), None))


def _figures(
    life: Line, reviews: Sequence[PastReview], calls: Sequence[PastCall]
) -> tuple[Figure, ...]:
    """Sums that are kept, as single calls are not; findings and costs of the whole life."""
    waiting = [call.worst for call in calls if call.state == "reserved"]
    asked = f" and {counted(life.questions, 'question')}" if life.questions else ""
    read = counted(max(life.reviews, len(reviews)), "review")
    worth = Worth(life.key, life.findings, life.accepted, 0)
    newest = next((review for review in reviews if review.report), None)
    still_open = [f for f in newest.findings if f.get("fate") != "withheld"] if newest else []
    return (
        Figure(
            "Settled",
            format_usd(life.spent),
            f"{counted(life.calls, 'call')} in {read}{asked}",
            link="#calls",
        ),
        Figure(
            "Presumed",
            format_usd(life.presumed),
            "calls whose end nobody learned",
            link="#calls",
        ),
        Figure(
            "Reserved now",
            format_usd(sum(waiting)),
            f"{counted(len(waiting), 'call')} under way, at most",
            link="#calls",
        ),
        Figure(
            "Saved by the cache",
            format_usd(life.saved),
            "answers known before",
            "good" if life.saved else "",
            "#reviews",
        ),
        Figure("Open findings", f"{len(still_open)}", "of the newest review", link="#findings"),
        *cost_figures(life.cost_of_reviews, worth, "in all", "#received"),
    )


def _reviews(reviews: Sequence[PastReview], key: tuple[int, int], asked: Asked) -> Table:
    repository_id, number = key
    place = {"repository_id": repository_id, "number": number, **asked.kept}
    return Table(
        name="reviews",
        title="Reviews",
        columns=_REVIEWS,
        rows=[
            (
                review.opened_at,
                review.head_sha[:_SHA],
                review.cause,
                review.state,
                _yes(review.report.get("complete")),
                len(review.findings),
                review.foreseen_p50,
                review.foreseen_p90,
                review.cost,
                review.saved,
            )
            for review in reviews
        ],
        links=[url_for("costs.pull", **place, review=review.id) for review in reviews],
        empty="Nothing was reviewed.",
    )


def _yes(value: object) -> str | None:
    return None if value is None else ("yes" if value else "no")


def _findings(review: PastReview | None) -> Table:
    """Worst first, each with its fate: none is dropped."""
    order = ("critical", "high", "medium", "low", "info")
    found = sorted(
        review.findings if review else (), key=lambda f: order.index(f.get("severity", "info"))
    )
    return Table(
        name="findings",
        title="Findings and their fate",
        columns=(
            Column("title", "Finding"),
            Column("severity", "Severity"),
            Column("category", "Category", is_minor=True),
            Column("where", "Where", Kind.CODE, is_minor=True),
            Column("confidence", "Confidence", is_minor=True),
            Column("tier", "Tier", is_minor=True),
            Column("model", "Model", is_minor=True),
            Column("standing", "Second look", is_minor=True),
            Column("fate", "Fate"),
            Column("why", "Why", is_minor=True),
        ),
        rows=[
            (
                str(each.get("title", "")),
                str(each.get("severity", "")),
                str(each.get("category", "")),
                _where(each),
                str(each.get("confidence", "")),
                str(each.get("tier", "")),
                str(each.get("model", "")),
                str(each.get("standing", "")),
                str(each.get("fate", "")),
                str(each.get("why", "")),
            )
            for each in found
        ],
        empty="No findings.",
    )


def _where(finding: Mapping[str, Any]) -> str:
    anchor = finding.get("anchor")
    path = str(finding.get("path", ""))
    return f"{path}:{anchor['line']}" if isinstance(anchor, dict) and "line" in anchor else path


def _receipt(review: PastReview | None) -> Table:
    entries = review.report.get("receipt", {}).get("entries", ()) if review else ()
    return Table(
        name="receipt",
        title="Coverage receipt",
        columns=(
            Column("path", "File", Kind.CODE),
            Column("lines", "Lines", Kind.CODE),
            Column("added", "Added", Kind.COUNT, is_minor=True),
            Column("class", "Class"),
            Column("detail", "By or why", is_minor=True),
        ),
        rows=[
            (
                str(each.get("path", "")),
                str(each.get("lines", "")),
                int(each.get("added", 0)),
                str(each.get("class", "")),
                str(each.get("detail", "")),
            )
            for each in entries
        ],
        empty="This review left no receipt." if review else "Nothing was reviewed.",
    )


def _coverage(review: PastReview | None) -> tuple[Markup, list[tuple[str, str, int]]] | None:
    """Segments by class: drawn, and as a list of class, title and number."""
    counts = review.report.get("receipt", {}).get("counts") if review else None
    if not isinstance(counts, dict):
        return None
    parts = tuple((name, int(counts.get(name, 0))) for name in _CLASSES)
    whole = sum(value for _, value in parts)
    said = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in parts)
    drawn = stack("Coverage", f"{whole} segments: {said}", Bar("", parts, said), whole)
    return drawn, [(name, name.replace("_", " "), value) for name, value in parts]


def _timeline(calls: Sequence[PastCall]) -> Markup | None:
    if not calls:
        return None
    stretches = [
        Stretch(
            call.reserved_at,
            call.latency_ms,
            call.tier if call.outcome == "answered" else "failed",
            f"{call.model} ({call.tier}): {call.latency_ms / 1000:.1f} s,"
            f" {format_usd(call.cost)}, {call.outcome or call.state}; {call.chunks}",
        )
        for call in calls
    ]
    about = f"{len(calls)} calls to models by time; the table of calls has every figure."
    return timeline("Calls of this review", about, stretches)


def _calls(calls: Sequence[PastCall]) -> Table:
    return Table(
        name="calls",
        title="Calls" if len(calls) < MOST_CALLS else f"The newest {MOST_CALLS:,} calls",
        columns=(
            Column("reserved_at", "Time (UTC)", Kind.TIME),
            Column("tier", "Tier"),
            Column("model", "Model", is_minor=True),
            Column("endpoint", "Endpoint", is_minor=True),
            Column("chunks", "Code", Kind.CODE, is_minor=True),
            Column("escalation_reason", "Why a second look", is_minor=True),
            Column("outcome", "Outcome"),
            Column("state", "State", is_minor=True),
            Column("tokens_in", "Tokens in", Kind.COUNT, is_minor=True),
            Column("tokens_out", "Tokens out", Kind.COUNT, is_minor=True),
            Column("latency", "Took", Kind.DURATION, is_minor=True),
            Column("cost", "Cost", Kind.USD),
        ),
        rows=[
            (
                call.reserved_at,
                call.tier,
                call.model,
                call.endpoint,
                call.chunks,
                call.reason,
                f"{call.outcome} ({call.error})" if call.error else call.outcome or "under way",
                call.state,
                call.tokens_in,
                call.tokens_out,
                call.latency_ms,
                call.cost,
            )
            for call in calls
        ],
        empty="No model was asked, or the calls are older than they are kept.",
    )
