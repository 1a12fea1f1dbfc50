"""Pull requests whose threads are to be read back, though nobody wants a review of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger import feedback
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.installations import GONE

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import Wish
    from reviewbot.ledger.database import Database, Session

_PURPOSE = 7_265_105  # of the lock around claims
_LEASE_SECONDS = 300.0
_GONE = GONE.format(row="read_backs")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A pull request that this worker reads back until its lease ends."""

    key: PullKey
    repository: str
    installation_id: int
    attempt: int
    owner: str


class ReadBacks:
    """What is to be read back."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def record(self, wish: Wish) -> bool:
        """Read back at once; False where reviewbot posted nothing on lines."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            known = feedback.is_known(session, wish.key)
            if known:
                place = (wish.key.repository_id, wish.key.number)
                _enter(session, (*place, wish.repository, wish.installation_id), now)
        return known

    def record_due(self, youngest: float, rest: float, most: int) -> int:
        """Read back what was posted in the last *youngest* seconds; returns how many.

        Only what the desk knows, at most *most* of it, and nothing twice in *rest* seconds.
        """
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT d.repository_id, d.number, d.repository, d.installation_id FROM desk d"
                " JOIN (SELECT repository_id, number FROM raised WHERE at >= ? AND listed = 0"
                " GROUP BY repository_id, number HAVING MAX(at) < ? AND MAX(heard_at) < ?) r"
                " ON r.repository_id = d.repository_id AND r.number = d.number"
                " WHERE d.installation_id <> 0 ORDER BY d.repository_id, d.number LIMIT ?",
                self._clock.milliseconds(-youngest),
                self._clock.milliseconds(-rest),
                self._clock.milliseconds(-rest),
                most,
            )
            for row in rows:
                _enter(session, tuple(row), now)
        return len(rows)

    def claim(self, owner: str) -> ReadBack | None:
        """Take the one that waits longest; None if none is due."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.exclusively(_PURPOSE)
            rows = session.rows(
                "SELECT repository_id, number, repository, installation_id, attempts"  # noqa: S608 - fixed texts
                f" FROM read_backs WHERE lease_until < ? AND not_before <= ? AND NOT {_GONE}"
                " ORDER BY not_before, repository_id, number LIMIT 1",
                now,
                now,
            )
            if not rows:
                return None
            repository_id, number, repository, installation_id, attempts = rows[0]
            session.change(
                "UPDATE read_backs SET owner = ?, lease_until = ?, attempts = attempts + 1"
                " WHERE repository_id = ? AND number = ?",
                owner,
                self._clock.milliseconds(_LEASE_SECONDS),
                repository_id,
                number,
            )
        key = PullKey(repository_id, number)
        return ReadBack(key, repository, installation_id, attempts + 1, owner)

    def finish(self, read_back: ReadBack) -> None:
        """It was read, or cannot be; what was asked for meanwhile stays."""
        with self._database.transaction() as session:
            session.change(
                "DELETE FROM read_backs WHERE repository_id = ? AND number = ? AND owner = ?",
                read_back.key.repository_id,
                read_back.key.number,
                read_back.owner,
            )

    def postpone(self, read_back: ReadBack, seconds: float) -> None:
        """Again in so many seconds."""
        with self._database.transaction() as session:
            session.change(
                "UPDATE read_backs SET owner = '', lease_until = 0, not_before = ?"
                " WHERE repository_id = ? AND number = ? AND owner = ?",
                self._clock.milliseconds(seconds),
                read_back.key.repository_id,
                read_back.key.number,
                read_back.owner,
            )


def _enter(session: Session, place: tuple[int, int, str, int], now: int) -> None:
    """Who asks while it is read takes it from whoever reads it: that may be of before."""
    session.change(
        "INSERT INTO read_backs (repository_id, number, repository, installation_id, not_before)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (repository_id, number) DO UPDATE SET"
        " repository = excluded.repository, installation_id = excluded.installation_id,"
        " not_before = excluded.not_before, attempts = 0, owner = '', lease_until = 0",
        *place,
        now,
    )
