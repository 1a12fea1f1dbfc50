"""Summaries for people and scripts, out of sums that were kept while calls ended.

Raw calls may be long gone; a summary is the same before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import NOTHING, PicoUsd
from reviewbot.ledger.insight import UNINDEXED, names
from reviewbot.ledger.pulls import FOREVER, dearest
from reviewbot.ledger.rollups import day_of
from reviewbot.ledger.sight import Sight
from reviewbot.ledger.worth import cost_each

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
    were posted on lines in that time, and people *accepted* so many. *asked* is what questions
    cost: it is part of what was spent and presumed.
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
    asked: PicoUsd = NOTHING

    @property
    def per_finding(self) -> PicoUsd | None:
        """What reviews cost by the findings of the same time; None without any."""
        return cost_each(self.spent + self.presumed - self.asked, self.findings)

    @property
    def per_accepted(self) -> PicoUsd | None:
        """The same by those that people accepted."""
        return cost_each(self.spent + self.presumed - self.asked, self.accepted)


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
_LOCAL = 0  # the id that all local diffs share


@dataclass(frozen=True, slots=True)
class _Grouping:
    """Where lines of a kind come from: their table, what names them, and how reviews count."""

    table: str
    name: str
    reviews: str = "reviews"
    saved: str = "saved"


_BY_REPOSITORY = _Grouping("spending_by_repository", "repository_id, repository")
_GROUPINGS = {
    By.REPO: _BY_REPOSITORY,
    By.MODEL: _Grouping("spending", "model", "reviews_of_model", "0"),
    By.TIER: _Grouping("spending", "tier", "reviews_of_tier", "0"),
    By.DAY: _Grouping("spending_by_repository", "period"),
}
_UNNAMED = {By.MODEL: "without a model", By.TIER: "without a tier"}
_Sums = tuple[int, ...]  # as pulls.SUMS has them, then findings and those accepted
_ZEROS: _Sums = (0,) * 11
_COST = slice(5, 7)  # spent and presumed
_ALL = 2**31


def spend(database: Database, query: Query) -> list[Spend]:
    """Every line of the summary, the dearest first; days by date."""
    with database.snapshot() as session:
        known = names(session, query.sight)
        query = _narrowed(query, known)
        if query.by is By.PR:
            found = _pulls(session, query, known)
            others = _others(session, query, found)
        else:
            found, others = _parted(_grouped(session, query, known), query.most)
        under_way = _reserved(session, query, known)
    if others is not None:
        beyond = [worst for name in under_way if name not in found for worst in under_way[name]]
        under_way = {name: under_way[name] for name in under_way if name in found}
        found, under_way[OTHERS] = found | {OTHERS: others}, beyond
    found |= {name: _ZEROS for name in under_way if name not in found}
    lines = [_line(name, sums, query, under_way.get(name, [])) for name, sums in found.items()]
    return sorted(lines, key=lambda line: line.name) if query.by is By.DAY else lines


def _narrowed(query: Query, known: Mapping[int, str]) -> Query:
    """A repository is asked for by its newest name, and all of its names are meant.

    Names of local diffs, which share an id, and names that nobody has any more stay as they are.
    """
    wanted = query.repository.lower()
    ids = frozenset(n for n, name in known.items() if n and name.lower() == wanted)
    return replace(query, repository="", sight=Sight(ids)) if ids else query


def _pulls(session: Session, query: Query, known: Mapping[int, str]) -> dict[str, _Sums]:
    local = dict(
        session.rows(
            "SELECT number, MAX(repository) FROM reviews WHERE repository_id = ? GROUP BY number",
            _LOCAL,
        )
    )
    sight = query.sight
    if query.repository:
        where, values = _only(query)
        ids = session.rows(
            f"SELECT DISTINCT repository_id FROM spending_by_repository WHERE {where}",  # noqa: S608 - fixed texts
            *values,
        )
        sight = Sight(frozenset(int(each) for (each,) in ids))
    days = (day_of(query.since), FOREVER)
    found: dict[str, _Sums] = {}
    for repository_id, number, *sums in dearest(session, days, sight, query.most or _ALL):
        name = known.get(repository_id, str(repository_id))
        if repository_id == _LOCAL:
            name = local.get(number, name)
            if query.repository and name.lower() != query.repository.lower():
                continue
        _add(found, f"{name}#{number}", sums)
    return found


def _grouped(session: Session, query: Query, known: Mapping[int, str]) -> dict[str, _Sums]:
    """Also lines that only findings were posted in, such as those that no model found."""
    grouping, (where, values) = _GROUPINGS[query.by], _periods(query)
    rows = session.rows(
        f"SELECT {_sums(grouping)}, {grouping.name} FROM {grouping.table} WHERE {where}"  # noqa: S608 - fixed texts
        f" GROUP BY {grouping.name}",
        *values,
    )
    worth = session.rows(
        f"SELECT {_WORTH}, {grouping.name} FROM acceptance WHERE {where} GROUP BY {grouping.name}",  # noqa: S608 - fixed texts
        *values,
    )
    found: dict[str, _Sums] = {}
    for row in rows:
        _add(found, _label(query, row[9:], known), (*row[:9], 0, 0))
    for posted, accepted, *key in worth:
        name = _label(query, key, known)
        *sums, so_far, wanted = found.get(name, _ZEROS)
        found[name] = (*sums, so_far + int(posted), wanted + int(accepted))
    return dict(sorted(found.items(), key=lambda line: (-sum(line[1][_COST]), line[0])))


def _parted(lines: Mapping[str, _Sums], most: int | None) -> tuple[dict[str, _Sums], _Sums | None]:
    """So many of the first lines, and the sum of all others, if there are any."""
    shown = list(lines.items())[:most]
    rest = list(lines.values())[len(shown) :]
    return dict(shown), tuple(map(sum, zip(*rest, strict=True))) if rest else None


def _label(query: Query, key: Sequence[Any], known: Mapping[int, str]) -> str:
    """What a line is called; a repository by its newest name."""
    name = str(key[-1])
    if query.by is By.REPO and key[0] != _LOCAL:
        return known.get(int(key[0]), name)
    return name or _UNNAMED.get(query.by, name)


def _add(found: dict[str, _Sums], name: str, sums: Sequence[Any]) -> None:
    """PostgreSQL sums integers to decimals."""
    numbers = tuple(map(int, sums))
    if (so_far := found.get(name)) is not None:
        numbers = tuple(map(sum, zip(so_far, numbers, strict=True)))
    found[name] = numbers


def _others(session: Session, query: Query, shown: Mapping[str, _Sums]) -> _Sums | None:
    """What is beyond the pull requests shown; None where they are all."""
    if query.most is None or len(shown) < query.most:
        return None
    where, values = _periods(query)
    [row] = session.rows(
        f"SELECT {_sums(_BY_REPOSITORY)} FROM spending_by_repository WHERE {where}",  # noqa: S608 - fixed texts
        *values,
    )
    [worth] = session.rows(f"SELECT {_WORTH} FROM acceptance WHERE {where}", *values)  # noqa: S608 - fixed texts
    total = [int(value or 0) for value in (*row, *worth)]
    shown_sums = [sum(column) for column in zip(*shown.values(), strict=True)]
    rest = tuple(whole - part for whole, part in zip(total, shown_sums, strict=True))
    return rest if any(rest) else None


def _sums(grouping: _Grouping) -> str:
    return (
        f"SUM({grouping.reviews}), SUM(questions), SUM(calls), SUM(tokens_in), SUM(tokens_out),"
        f" SUM(spent), SUM(presumed), SUM(asked), SUM({grouping.saved})"
    )


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


def _only(query: Query, column: str = "repository_id") -> tuple[str, list[object]]:
    """Which repositories are asked for."""
    within = query.sight.condition(column)
    if not query.repository:
        return within, []
    return f"{within} AND LOWER(repository) = ?", [query.repository.lower()]


def _reserved(session: Session, query: Query, known: Mapping[int, str]) -> dict[str, list[int]]:
    """What calls under way may cost yet, each of them; they are few."""
    only, values = _only(query, UNINDEXED)
    rows = session.rows(
        "SELECT repository_id, repository, number, model, tier, reserved_at, worst FROM calls"  # noqa: S608 - fixed texts
        f" WHERE state = 'reserved' AND {only} ORDER BY lease_until, id",
        *values,
    )
    found: dict[str, list[int]] = {}
    for repository_id, repository, number, model, tier, at, worst in rows:
        repo = known.get(repository_id, repository) if repository_id != _LOCAL else repository
        name = {
            By.REPO: repo,
            By.PR: f"{repo}#{number}",
            By.MODEL: model,
            By.TIER: tier,
            By.DAY: day_of(at),
        }[query.by]
        if at >= query.since:
            found.setdefault(name, []).append(int(worst))
    return found


def _line(name: str, sums: _Sums, query: Query, under_way: Sequence[int]) -> Spend:
    reviews, questions, calls, tokens_in, tokens_out, *amounts, findings, accepted = sums
    spent, presumed, asked, saved = map(PicoUsd, amounts)
    return Spend(
        name=name,
        reviews=reviews,
        questions=questions,
        calls=calls + len(under_way),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        spent=spent,
        presumed=presumed,
        saved=None if query.by in {By.MODEL, By.TIER} else saved,
        reserved=PicoUsd(sum(under_way)),
        findings=findings,
        accepted=accepted,
        asked=asked,
    )
