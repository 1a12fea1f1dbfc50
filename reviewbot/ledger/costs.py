"""Summaries for people and scripts, out of sums that were kept while calls ended.

Raw calls may be long gone; a summary is the same before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PicoUsd
from reviewbot.ledger.rollups import day_of

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


_NOTHING = PicoUsd(0)
_WORTH = "SUM(posted), SUM(accepted)"


@dataclass(frozen=True, slots=True)
class Spend:
    """One line of a summary: amounts in 10**-12 USD.

    *saved* is what known answers would have cost again; it is kept by review, so it is None
    where lines are models or tiers. *reserved* is what calls under way may cost yet, which are
    among *calls*. *findings* were posted on lines in that time, and people *accepted* so many.
    """

    name: str
    reviews: int
    calls: int
    tokens_in: int
    tokens_out: int
    spent: PicoUsd
    presumed: PicoUsd
    saved: PicoUsd | None
    reserved: PicoUsd = _NOTHING
    findings: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """What to sum up: *since* in milliseconds since 1970; *repository* empty for all.

    A summary consists of whole days (UTC): the first is that of *since*. With *most*, the
    dearest lines are shown and one more for all others.
    """

    by: By
    since: int = 0
    repository: str = ""
    most: int | None = None


OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class _Grouping:
    """Where lines of a kind come from: their table, what names them, and how reviews count."""

    table: str
    name: tuple[str, ...]
    reviews: str = "reviews"
    saved: str = "saved"


_GROUPINGS = {
    By.REPO: _Grouping("spending_by_repository", ("repository",)),
    By.PR: _Grouping("spending_by_pull", ("repository", "number")),
    By.MODEL: _Grouping("spending", ("model",), "reviews_of_model", "0"),
    By.TIER: _Grouping("spending", ("tier",), "reviews_of_tier", "0"),
    By.DAY: _Grouping("spending_by_repository", ("period",)),
}
_Row = tuple[str, int, int, int, int, int, int, int]


def spend(database: Database, query: Query) -> list[Spend]:
    """Every line of the summary, the dearest first; days by date."""
    with database.transaction() as session:
        rows = _ended(session, query)
        if query.most is not None and len(rows) == query.most:
            rows += _others(session, query, rows)
        under_way = _reserved(session, query)
        found = [_line(row, query, under_way.pop(row[0], [])) for row in rows]
        nothing = (0,) * 7
        found += [_line(_row(name, nothing), query, worst) for name, worst in under_way.items()]
        worth = _worth(session, query, found)
    found = [_with_worth(line, worth) for line in found]
    return sorted(found, key=lambda line: line.name) if query.by is By.DAY else found


def _ended(session: Session, query: Query) -> list[_Row]:
    grouping, (where, values) = _GROUPINGS[query.by], _periods(query)
    name = ", ".join(grouping.name)
    ranked = f"GROUP BY {name} ORDER BY SUM(spent + presumed) DESC, {name}"
    first: list[tuple[Any, ...]] = []
    if query.most is not None:
        # To rank all by one sum, and to add the rest up for a few, is half the work.
        sql = f"SELECT {name} FROM {grouping.table} WHERE {where} {ranked} LIMIT ?"  # noqa: S608 - fixed texts
        first = [tuple(row) for row in session.rows(sql, *values, query.most)]
        where = f"{where} AND {grouping.name[-1]} IN ({', '.join(['?'] * len(first)) or 'NULL'})"
        values = [*values, *(row[-1] for row in first)]
    rows = session.rows(
        f"SELECT {_sums(grouping)}, {name} FROM {grouping.table} WHERE {where} {ranked}",  # noqa: S608 - fixed texts
        *values,
    )
    # The last part of a name may be that of others too, which are not among the first.
    wanted = set(first)
    return [
        _row("#".join(map(str, row[7:])), row)
        for row in rows
        if query.most is None or tuple(row[7:]) in wanted
    ]


def _others(session: Session, query: Query, shown: list[_Row]) -> list[_Row]:
    """What is beyond the lines shown, as one line, if there is anything."""
    where, values = _periods(query)
    [row] = session.rows(
        f"SELECT {_sums(_GROUPINGS[By.REPO])} FROM spending_by_repository WHERE {where}",  # noqa: S608 - fixed texts
        *values,
    )
    total = _row(OTHERS, row)
    shown_sums = [sum(column) for column in zip(*(line[1:] for line in shown), strict=True)]
    rest = [whole - part for whole, part in zip(total[1:], shown_sums, strict=True)]
    return [_row(OTHERS, rest)] if any(rest) else []


def _sums(grouping: _Grouping) -> str:
    return (
        f"SUM({grouping.reviews}), SUM(calls), SUM(tokens_in), SUM(tokens_out), SUM(spent),"
        f" SUM(presumed), SUM({grouping.saved})"
    )


def _row(name: str, values: Sequence[Any]) -> _Row:
    return (name, *(int(value or 0) for value in values[:7]))  # type: ignore[return-value] # seven


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
    if query.repository:
        return f"{where} AND LOWER(repository) = ?", [*values, query.repository.lower()]
    return where, values


def _reserved(session: Session, query: Query) -> dict[str, list[int]]:
    """What calls under way may cost yet, each of them; they are few."""
    repository = query.repository.lower()
    only, values = (" AND LOWER(repository) = ?", [repository]) if repository else ("", [])
    rows = session.rows(
        "SELECT repository, number, model, tier, reserved_at, worst FROM calls"  # noqa: S608 - fixed texts
        f" WHERE state = 'reserved'{only}",
        *values,
    )
    found: dict[str, list[int]] = {}
    for of, number, model, tier, at, worst in rows:
        name = {
            By.REPO: of,
            By.PR: f"{of}#{number}",
            By.MODEL: model,
            By.TIER: tier,
            By.DAY: day_of(at),
        }[query.by]
        if at >= query.since:
            found.setdefault(name, []).append(int(worst))
    return found


def _worth(session: Session, query: Query, shown: Sequence[Spend]) -> dict[str, tuple[int, int]]:
    """How many findings were posted, and how many of them accepted, by the names of lines."""
    where, values = _periods(query)
    total = session.rows(f"SELECT {_WORTH} FROM acceptance WHERE {where}", *values)  # noqa: S608 - fixed texts
    posted, table = _WORTH, "acceptance"
    if query.by is By.PR:
        posted, table = "SUM(findings), SUM(accepted)", "spending_by_pull"
        numbers = {int(line.name.rpartition("#")[2]) for line in shown if line.name != OTHERS}
        where = f"{where} AND number IN ({', '.join(map(str, sorted(numbers))) or 'NULL'})"
    name = ", ".join(_GROUPINGS[query.by].name)
    rows = session.rows(
        f"SELECT {posted}, {name} FROM {table} WHERE {where} GROUP BY {name}",  # noqa: S608 - fixed texts
        *values,
    )
    found = {"#".join(map(str, row[2:])): (int(row[0]), int(row[1])) for row in rows}
    lines = {line.name: found.get(line.name, (0, 0)) for line in shown if line.name != OTHERS}
    whole = tuple(int(count or 0) for count in total[0])
    apart = [sum(each[at] for each in lines.values()) for at in (0, 1)]
    return lines | {OTHERS: (whole[0] - apart[0], whole[1] - apart[1])}


def _with_worth(line: Spend, worth: Mapping[str, tuple[int, int]]) -> Spend:
    findings, accepted = worth[line.name]
    return replace(line, findings=findings, accepted=accepted)


def _line(row: _Row, query: Query, under_way: Sequence[int]) -> Spend:
    name, reviews, calls, tokens_in, tokens_out, spent, presumed, saved = row
    return Spend(
        name=name,
        reviews=reviews,
        calls=calls + len(under_way),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        spent=PicoUsd(spent),
        presumed=PicoUsd(presumed),
        saved=None if query.by in {By.MODEL, By.TIER} else PicoUsd(saved),
        reserved=PicoUsd(sum(under_way)),
    )
