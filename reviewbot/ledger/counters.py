"""One row of counters a scope, changed only where the sum still fits.

The statements of a transaction touch the rows in the order of their names, so that two
transactions never wait for each other in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviewbot.ledger.calls import Bill, Entry
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.scopes import Scope


@dataclass(frozen=True, slots=True)
class Counter:
    """A scope's counter when it refused a call."""

    scope: Scope
    spent: PicoUsd  # settled and presumed
    reserved: PicoUsd
    closed_by: str

    def may_make_room(self, worst: int) -> bool:
        """Whether live reservations may still shrink enough."""
        fits = self.spent + worst <= self.scope.ceiling
        return fits and self.reserved > 0 and not self.closed_by


class Refused(Exception):
    """A scope has no room; whatever the transaction set aside before is rolled back."""

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self.counter = counter


@dataclass(frozen=True, slots=True)
class Moved:
    """A counter after a call ended: what is spent of *cap*, and what was before."""

    scope: str
    cap: PicoUsd
    before: PicoUsd
    after: PicoUsd


def set_aside(session: Session, scopes: Iterable[Scope], worst: int, at: int) -> None:
    """Reserve *worst* in every scope; raises Refused."""
    for scope in scopes:
        session.change(
            "INSERT INTO budgets (scope, begun_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            scope.name,
            at,
        )
        changed = session.change(
            "UPDATE budgets SET reserved = reserved + ?, cap = ? WHERE scope = ?"
            " AND closed_by = '' AND settled + reserved + presumed + ? <= ?",
            worst,
            scope.limit,
            scope.name,
            worst,
            scope.ceiling,
        )
        if changed != 1:
            raise Refused(_counter(session, scope))


def _counter(session: Session, scope: Scope) -> Counter:
    [(spent, reserved, closed_by)] = session.rows(
        "SELECT settled + presumed, reserved, closed_by FROM budgets WHERE scope = ?", scope.name
    )
    return Counter(scope, PicoUsd(spent), PicoUsd(reserved), closed_by)


def end(session: Session, entry: Entry, bill: Bill) -> list[Moved]:
    """Out of the reservation, into what is settled or presumed."""
    into = "settled" if bill.is_settled else "presumed"
    return list(_moved(session, entry, "reserved", into, bill))


def correct(session: Session, entry: Entry, bill: Bill) -> list[Moved]:
    """Out of what was presumed, into what is settled."""
    return list(_moved(session, entry, "presumed", "settled", bill))


def _moved(session: Session, entry: Entry, out_of: str, into: str, bill: Bill) -> Iterator[Moved]:
    grown = bill.cost - (entry.worst if out_of == "presumed" else 0)
    for scope in entry.scopes:
        rows = session.rows(
            f"UPDATE budgets SET {out_of} = {out_of} - ?, {into} = {into} + ? WHERE scope = ?"  # noqa: S608 - fixed names
            " RETURNING cap, settled + presumed",
            entry.worst,
            bill.cost,
            scope,
        )
        for cap, after in rows:  # none where the period is long over and was thrown away
            yield Moved(scope, PicoUsd(cap), PicoUsd(after - grown), PicoUsd(after))


def close(session: Session, scope: str, endpoint: str) -> None:
    """Grant nothing more in *scope*, because *endpoint* billed more than was possible."""
    session.change("UPDATE budgets SET closed_by = ? WHERE scope = ?", endpoint, scope)


def reopen(session: Session, endpoint: str) -> int:
    """Open what *endpoint* closed; returns how many scopes. What was spent stays counted."""
    return session.change("UPDATE budgets SET closed_by = '' WHERE closed_by = ?", endpoint)
