"""What endpoints say that they billed, against their tokens at the configured prices."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from reviewbot.domain.money import PicoUsd, Price, Usage
from reviewbot.ledger.reconcile import Line, total
from reviewbot.ledger.rollups import day_of

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_TOLERANCE = 20  # a twentieth either way is rounding, or a price that changed in between


class _Told(NamedTuple):
    """One call whose endpoint said what it billed."""

    endpoint: str
    upstream: str
    day: str
    billed: int
    priced: int


def reported(database: Database, since: int, endpoint: str = "") -> list[Line]:
    """By day and model; *settled* of a line is what the configured prices make of the tokens."""
    sums: defaultdict[tuple[str, str], list[_Told]] = defaultdict(list)
    with database.transaction() as session:
        for told in _told(session, since):
            if endpoint in {"", told.endpoint}:
                sums[told.day, told.upstream].append(told)
    return [_line(day, upstream, sums[day, upstream]) for day, upstream in sorted(sums)]


def deviating(database: Database, since: int) -> list[tuple[str, Line]]:
    """Endpoints whose own figures lie clearly above or below the configured prices', and both."""
    by_endpoint: defaultdict[str, list[_Told]] = defaultdict(list)
    with database.transaction() as session:
        for told in _told(session, since):
            by_endpoint[told.endpoint].append(told)
    lines = [(name, total([_line("", "", calls)])) for name, calls in sorted(by_endpoint.items())]
    return [(name, line) for name, line in lines if abs(line.gap) * _TOLERANCE > line.settled]


def _told(session: Session, since: int) -> list[_Told]:
    rows = session.rows(
        "SELECT endpoint, upstream, reserved_at, reported, price, tokens_in, tokens_out,"
        " tokens_cached, tokens_written FROM calls"
        " WHERE reported IS NOT NULL AND state = 'settled' AND reserved_at >= ?",
        since,
    )
    return [
        _Told(row[0], row[1], day_of(row[2]), int(row[3]), _priced(row[4], *row[5:]))
        for row in rows
    ]


def _priced(price: str, tokens_in: int, tokens_out: int, cached: int, written: int) -> int:
    return Price(**json.loads(price)).cost(Usage(tokens_in, tokens_out, cached, written))


def _line(day: str, upstream: str, calls: list[_Told]) -> Line:
    billed, priced = sum(each.billed for each in calls), sum(each.priced for each in calls)
    return Line(day, upstream, PicoUsd(billed), PicoUsd(priced), PicoUsd(0), len(calls))
