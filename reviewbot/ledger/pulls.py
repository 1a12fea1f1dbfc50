"""The dearest pull requests of a time, without adding up all of them.

One that lies within the time as a whole has its sums in one row; only those astride its ends
are added up by their days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight

SUMS = (
    "reviews",
    "questions",
    "calls",
    "tokens_in",
    "tokens_out",
    "spent",
    "presumed",
    "asked",
    "saved",
)
_COLUMNS = (*SUMS, "findings", "accepted")
Row = tuple[int, ...]  # repository id, number, then SUMS, findings on lines, and those accepted
_SPENT, _PRESUMED = 2 + SUMS.index("spent"), 2 + SUMS.index("presumed")
FOREVER = "9999-12-31"


def dearest(session: Session, days: tuple[str, str], sight: Sight, most: int) -> list[Row]:
    """So many pull requests at the most, the dearest first; both *days* are included."""
    rows = [*_within(session, days, sight, most), *_astride(session, days, sight)]
    return sorted(rows, key=lambda row: (-row[_SPENT] - row[_PRESUMED], row[:2]))[:most]


def whole_life(session: Session, repository_id: int, number: int) -> Row | None:
    """A pull request's sums since it was first seen; None where nothing of it ended."""
    rows = session.rows(
        f"SELECT repository_id, number, {', '.join(_COLUMNS)} FROM spending_of_pulls"  # noqa: S608 - fixed names
        " WHERE repository_id = ? AND number = ?",
        repository_id,
        number,
    )
    return next((tuple(int(value) for value in row) for row in rows), None)


def _within(
    session: Session, days: tuple[str, str], sight: Sight, most: int
) -> Sequence[tuple[int, ...]]:
    rows = session.rows(
        f"SELECT repository_id, number, {', '.join(_COLUMNS)} FROM spending_of_pulls"  # noqa: S608 - fixed names and integers
        f" WHERE first_day >= ? AND last_day <= ? AND {sight.condition()}"
        " ORDER BY spent + presumed DESC, repository_id, number LIMIT ?",
        *days,
        most,
    )
    return [tuple(row) for row in rows]


def _astride(session: Session, days: tuple[str, str], sight: Sight) -> list[Row]:
    first, last = days
    astride = session.rows(
        "SELECT repository_id, number FROM spending_of_pulls WHERE first_day <= ?"  # noqa: S608 - integers
        f" AND last_day >= ? AND (first_day < ? OR last_day > ?) AND {sight.condition()}",
        *(last, first, first, last),
    )
    if not astride:
        return []
    # They are few, but nothing tells PostgreSQL so: it would look through the days of all others.
    keys = ", ".join(f"({int(repository_id)}, {int(number)})" for repository_id, number in astride)
    sums = ", ".join(f"SUM(d.{name})" for name in _COLUMNS)
    rows = session.rows(
        f"SELECT d.repository_id, d.number, {sums} FROM (VALUES {keys}) k"  # noqa: S608 - fixed names and integers
        # An ordinary join would let SQLite look through all days first.
        " CROSS JOIN spending_by_pull d WHERE d.repository_id = k.column1 AND d.number = k.column2"
        " AND d.period BETWEEN ? AND ? GROUP BY d.repository_id, d.number",
        first,
        last,
    )
    return [tuple(int(value) for value in row) for row in rows]
