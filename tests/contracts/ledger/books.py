"""Checks that counters, calls and sums say the same, and that no limit is exceeded."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.ledger.database import Database


_ASKED = "(reason IN ('ask', 'describe', 'improve'))"  # by somebody, in a comment


def counters(database: Database) -> dict[str, tuple[int, int, int]]:
    """Settled, reserved and presumed, by scope."""
    with database.transaction() as session:
        rows = session.rows("SELECT scope, settled, reserved, presumed FROM budgets")
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def overspend(database: Database, limit_of: Callable[[str], int]) -> dict[str, int]:
    """By scope, what lies above its limit and above no call's bound: nothing, ever."""
    above = _above_bounds(database)
    found = {
        scope: sum(counts) - above[scope] - limit_of(scope)
        for scope, counts in counters(database).items()
    }
    return {scope: amount for scope, amount in found.items() if amount > 0}


def assert_balanced(database: Database) -> None:
    """Every counter is the sum of its calls, and so are the rollups."""
    sums: dict[str, Counter[str]] = {}
    for scopes, state, amount in _bills(database):
        for scope in json.loads(scopes):
            sums.setdefault(scope, Counter())[state] += amount
    by_calls = {
        scope: (each["settled"], each["reserved"], each["presumed"]) for scope, each in sums.items()
    }
    known = {scope: counts for scope, counts in counters(database).items() if any(counts)}
    assert known == {scope: counts for scope, counts in by_calls.items() if any(counts)}
    for table in ("spending", "spending_by_repository"):
        for grain in ("day", "month"):
            where = f"grain = '{grain}'"
            assert _rolled_up(database, table, where) == _ended(database), (table, grain)
    for table in ("spending_by_pull", "spending_of_pulls"):
        assert _rolled_up(database, table, "1 = 1") == _ended(database), table


def _bills(database: Database) -> list[tuple[str, str, int]]:
    with database.transaction() as session:
        rows = session.rows(
            "SELECT c.scopes, b.state, CASE WHEN b.state = 'reserved' THEN c.worst ELSE b.cost END"
            " FROM calls c JOIN bills b ON b.id = c.id"
        )
    return [(row[0], row[1], int(row[2])) for row in rows]


def _above_bounds(database: Database) -> Counter[str]:
    with database.transaction() as session:
        rows = session.rows(
            "SELECT c.scopes, b.cost - c.worst FROM calls c JOIN bills b ON b.id = c.id"
            " WHERE b.cost > c.worst AND b.state = 'settled'"
        )
    found: Counter[str] = Counter()
    for scopes, amount in rows:
        for scope in json.loads(scopes):
            found[scope] += int(amount)
    return found


def _rolled_up(database: Database, table: str, where: str) -> tuple[int, ...]:
    with database.transaction() as session:
        [row] = session.rows(
            "SELECT SUM(calls), SUM(reviews), SUM(questions), SUM(asked), SUM(spent),"  # noqa: S608 - one of a few texts
            f" SUM(presumed), SUM(tokens_in), SUM(tokens_out) FROM {table} WHERE {where}",
        )
    return tuple(int(value or 0) for value in row)


def _ended(database: Database) -> tuple[int, ...]:
    with database.transaction() as session:
        [row] = session.rows(
            f"SELECT COUNT(*), COUNT(DISTINCT CASE WHEN NOT {_ASKED} THEN review_id END),"  # noqa: S608 - a fixed text
            f" COUNT(DISTINCT CASE WHEN {_ASKED} THEN review_id END),"
            f" SUM(CASE WHEN {_ASKED} THEN cost ELSE 0 END),"
            " SUM(CASE WHEN state = 'settled' THEN cost ELSE 0 END),"
            " SUM(CASE WHEN state = 'presumed' THEN cost ELSE 0 END),"
            " SUM(tokens_in), SUM(tokens_out) FROM bills WHERE state <> 'reserved'"
        )
    return tuple(int(value or 0) for value in row)
