"""Tells once when a scope passes 50, 80 and 100 % of its limit.

100 % is also reached when the limit refused a call: nothing fits into the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.domain.scope import TITLES, Kind
from reviewbot.ledger.scopes import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.ledger.counters import Moved
    from reviewbot.ledger.database import Database, Session

LEVELS = (50, 80, 100)  # per cent
_MOST_TRIES = 5
_COLUMNS = "scope, level, cap, spent, repository, number, at"


@dataclass(frozen=True, slots=True)
class Alert:
    """A limit that was reached in part or in whole, and the pull request that did it."""

    scope: str
    level: int  # per cent
    cap: PicoUsd
    spent: PicoUsd
    repository: str
    number: int
    at: int  # milliseconds since 1970

    @property
    def kind(self) -> Kind:
        """What the scope bounds."""
        return kind_of(self.scope)

    @property
    def text(self) -> str:
        """A sentence for people."""
        of = f"{format_usd(self.spent)} of {format_usd(self.cap)}"
        if self.level >= LEVELS[-1]:
            said = f"the budget of {TITLES[self.kind]} is used up ({of})"
        else:
            said = f"{self.level} % of the budget of {TITLES[self.kind]} are spent ({of})"
        return f"{said}; last by {self.repository}#{self.number} [{self.scope}]"


def crossed(
    session: Session, moves: Iterable[Moved], pull: tuple[str, int], at: int
) -> list[Alert]:
    """The levels that these moves passed for the first time under their limits."""
    return [
        alert
        for move in moves
        if (level := _passed(move))
        for alert in raise_once(session, Alert(move.scope, level, move.cap, move.after, *pull, at))
    ]


def raise_once(session: Session, alert: Alert) -> list[Alert]:
    """Record an alert; it is returned the first time only."""
    fresh = session.change(
        f"INSERT INTO alerts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 - fixed names
        alert.scope,
        alert.level,
        alert.cap,
        alert.spent,
        alert.repository,
        alert.number,
        alert.at,
    )
    return [alert] if fresh else []


def recent(database: Database, since: int = 0) -> list[Alert]:
    """Alerts since then, the newest first."""
    with database.transaction() as session:
        rows = session.rows(
            f"SELECT {_COLUMNS} FROM alerts WHERE at >= ? ORDER BY at DESC, level DESC, scope",  # noqa: S608 - fixed names
            since,
        )
    return [Alert(*row) for row in rows]


def take_untold(database: Database) -> Alert | None:
    """The oldest alert that the alerts' address does not know; nobody else takes it then."""
    with database.transaction() as session:
        rows = session.rows(
            f"SELECT {_COLUMNS} FROM alerts WHERE told = 0 ORDER BY at, scope, level LIMIT 1"  # noqa: S608 - fixed names
        )
        for scope, level, cap, *_ in rows:
            taken = session.change(
                "UPDATE alerts SET told = 1, tries = tries + 1"
                " WHERE scope = ? AND level = ? AND cap = ? AND told = 0",
                scope,
                level,
                cap,
            )
            if taken:
                return Alert(*rows[0])
    return None


def tell_again(database: Database, alert: Alert) -> None:
    """It could not be told; after some tries it is left at that."""
    with database.transaction() as session:
        session.change(
            "UPDATE alerts SET told = 0 WHERE scope = ? AND level = ? AND cap = ? AND tries < ?",
            alert.scope,
            alert.level,
            alert.cap,
            _MOST_TRIES,
        )


def _passed(move: Moved) -> int:
    """The highest level that was passed; 0 where none was."""
    passed = [
        level
        for level in LEVELS
        if move.before * 100 < level * move.cap <= move.after * 100 and move.cap > 0
    ]
    return max(passed, default=0)
