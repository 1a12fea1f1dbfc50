"""Summaries for people and scripts, out of sums that were kept while calls ended.

Raw calls may be long gone; a summary is the same before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from reviewbot.domain.money import NOTHING, PicoUsd
from reviewbot.ledger.insight import names
from reviewbot.ledger.pulls import FOREVER, dearest
from reviewbot.ledger.rollups import day_of
from reviewbot.ledger.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Database, Session


class By(StrEnum):
    """What a summary is grouped by."""

    REPO = "repo"
    PR = "pr"
    MODEL = "model"
    TIER = "tier"
    DAY = "day"


_WORTH = "SUM(posted), SUM(accepted)"
_EVERYTHING = Sight()


@dataclass(frozen=True, slots=True)
class Spend:
    """One line of a summary: amounts in 10**-12 USD.

    *questions* are those that somebody asked, which are no reviews. *saved* is what known
    answers would have cost again; it is kept by review, so it is None where lines are models or
    tiers. *reserved* is what calls under way may cost yet, which are among *calls*. *findings*
    were posted on lines in that time, and people *accepted* so many.
    """

    name: str
    reviews: int
    questions: int
    calls: int
    tokens_in: int
    tokens_out: int
    spent: PicoUsd
    presumed: PicoUsd
    saved: PicoUsd | None
    reserved: PicoUsd = NOTHING
    findings: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """What to sum up: *since* in milliseconds since 1970; *repository* empty for all in sight.

    A summary consists of whole days (UTC): the first is that of *since*. With *most*, the
    dearest lines are shown and one more for all others.
    """

    by: By
    since: int = 0
    repository: str = ""
    most: int | None = None
    sight: Sight = _EVERYTHING


OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class _Grouping:
    """Where lines of a kind come from: their table, what names them, and how reviews count."""

    table: str
    name: str
    reviews: str = "reviews"
    saved: str = "saved"


_BY_REPOSITORY = _Grouping("spending_by_repository", "repository")
_GROUPINGS = {
    By.REPO: _BY_REPOSITORY,
    By.MODEL: _Grouping("spending", "model", "reviews_of_model", "0"),
    By.TIER: _Grouping("spending", "tier", "reviews_of_tier", "0"),
    By.DAY: _Grouping("spending_by_repository", "period"),
}


class _Row(NamedTuple):
    """A line as it is added up, before calls under way."""

    name: str
    reviews: int = 0
    questions: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    spent: int = 0
    presumed: int = 0
    saved: int = 0
    findings: int = 0
    accepted: int = 0


_ALL = 2**31


def spend(database: Database, query: Query) -> list[Spend]:
    """Every line of the summary, the dearest first; days by date."""
    with database.snapshot() as session:
        known = names(session, query.sight)
        rows = _pulls(session, query, known) if query.by is By.PR else _grouped(session, query)
        if query.most is not None and len(rows) == query.most:
            rows += _others(session, query, rows)
        under_way = _reserved(session, query, known)
    found = [_line(row, query, under_way.pop(row[0], [])) for row in rows]
    found += [_line(_Row(name), query, worst) for name, worst in under_way.items()]
    return sorted(found, key=lambda line: line.name) if query.by is By.DAY else found


def _pulls(session: Session, query: Query, known: Mapping[int, str]) -> list[_Row]:
    sight = query.sight
    if query.repository:
        where, values = _only(query)
        ids = session.rows(
            f"SELECT DISTINCT repository_id FROM spending_by_repository WHERE {where}",  # noqa: S608 - fixed texts
            *values,
        )
        sight = Sight(frozenset(int(each) for (each,) in ids))
    days = (day_of(query.since), FOREVER)
    return [
        _row(f"{known.get(row[0], row[0])}#{row[1]}", (*row[2:9], *row[10:]))
        for row in dearest(session, days, sight, query.most or _ALL)
    ]


def _grouped(session: Session, query: Query) -> list[_Row]:
    grouping, (where, values) = _GROUPINGS[query.by], _periods(query)
    limit = "" if query.most is None else f" LIMIT {query.most}"
    rows = session.rows(
        f"SELECT {_sums(grouping)}, {grouping.name} FROM {grouping.table} WHERE {where}"  # noqa: S608 - fixed texts and an integer
        f" GROUP BY {grouping.name} ORDER BY SUM(spent + presumed) DESC, {grouping.name}{limit}",
        *values,
    )
    worth = _worth(session, query)
    return [_row(str(row[-1]), (*row[:8], *worth.get(str(row[-1]), (0, 0)))) for row in rows]


def _worth(session: Session, query: Query) -> dict[str, tuple[int, int]]:
    """How many findings were posted, and how many of them accepted, by the names of lines."""
    where, values = _periods(query)
    name = _GROUPINGS[query.by].name
    rows = session.rows(
        f"SELECT {name}, {_WORTH} FROM acceptance WHERE {where} GROUP BY {name}",  # noqa: S608 - fixed texts
        *values,
    )
    return {str(each): (posted, accepted) for each, posted, accepted in rows}


def _others(session: Session, query: Query, shown: list[_Row]) -> list[_Row]:
    """What is beyond the lines shown, as one line, if there is anything."""
    where, values = _periods(query)
    [row] = session.rows(
        f"SELECT {_sums(_BY_REPOSITORY)} FROM spending_by_repository WHERE {where}",  # noqa: S608 - fixed texts
        *values,
    )
    [worth] = session.rows(f"SELECT {_WORTH} FROM acceptance WHERE {where}", *values)  # noqa: S608 - fixed texts
    total = _row(OTHERS, (*row, *worth))
    shown_sums = [sum(column) for column in zip(*(line[1:] for line in shown), strict=True)]
    rest = [whole - part for whole, part in zip(total[1:], shown_sums, strict=True)]
    return [_row(OTHERS, rest)] if any(rest) else []


def _sums(grouping: _Grouping) -> str:
    return (
        f"SUM({grouping.reviews}), SUM(questions), SUM(calls), SUM(tokens_in), SUM(tokens_out),"
        f" SUM(spent), SUM(presumed), SUM({grouping.saved})"
    )


def _row(name: str, values: Sequence[Any]) -> _Row:
    return _Row(name, *(int(value or 0) for value in values))


def _periods(query: Query) -> tuple[str, list[object]]:
    """The largest grains that make up the time asked for."""
    first = day_of(query.since)
    month = first[:7]
    values: list[object]
    if query.by is By.DAY:
        where, values = "grain = 'day' AND period >= ?", [first]
    elif first.endswith("-01"):
        where, values = "grain = 'month' AND period >= ?", [month]
    else:
        days = "grain = 'day' AND period >= ? AND period <= ?"
        where = f"((grain = 'month' AND period > ?) OR ({days}))"
        values = [month, first, f"{month}-31"]
    only, more = _only(query)
    return f"{where} AND {only}", [*values, *more]


def _only(query: Query) -> tuple[str, list[object]]:
    """Which repositories are asked for."""
    within = query.sight.condition()
    if not query.repository:
        return within, []
    return f"{within} AND LOWER(repository) = ?", [query.repository.lower()]


def _reserved(session: Session, query: Query, known: Mapping[int, str]) -> dict[str, list[int]]:
    """What calls under way may cost yet, each of them; they are few."""
    only, values = _only(query)
    rows = session.rows(
        "SELECT repository_id, repository, number, model, tier, reserved_at, worst FROM calls"  # noqa: S608 - fixed texts
        f" WHERE state = 'reserved' AND {only}",
        *values,
    )
    found: dict[str, list[int]] = {}
    for repository_id, repository, number, model, tier, at, worst in rows:
        name = {
            By.REPO: repository,
            By.PR: f"{known.get(repository_id, repository)}#{number}",
            By.MODEL: model,
            By.TIER: tier,
            By.DAY: day_of(at),
        }[query.by]
        if at >= query.since:
            found.setdefault(name, []).append(int(worst))
    return found


def _line(row: _Row, query: Query, under_way: Sequence[int]) -> Spend:
    return Spend(
        name=row.name,
        reviews=row.reviews,
        questions=row.questions,
        calls=row.calls + len(under_way),
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        spent=PicoUsd(row.spent),
        presumed=PicoUsd(row.presumed),
        saved=None if query.by in {By.MODEL, By.TIER} else PicoUsd(row.saved),
        reserved=PicoUsd(sum(under_way)),
        findings=row.findings,
        accepted=row.accepted,
    )
