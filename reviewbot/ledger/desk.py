"""The desk: one row a pull request, which says whether there is something to do.

An event raises ``wanted``; a worker claims the row, reviews what is current then, and sets
``done`` to the value that it claimed. So bursts collapse, nothing is swallowed, and a killed
worker's row is claimed again when its lease ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from reviewbot.domain.pull_request import RETITLED, PullKey
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.installations import HALTED

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import Wish
    from reviewbot.ledger.database import Database, Session

_PURPOSE = 7_265_102  # of the lock around claims
_LONGEST_DEBOUNCE = 6  # times the debounce, however long a burst goes on
_WAITING = "wanted > done AND dead = 0 AND lease_until < ?"
_HALTED = HALTED.format(row="desk")
_FRAMING = ("labeled", "unlabeled", RETITLED)


class Waker(Protocol):
    """Tells workers elsewhere that there is something to do."""

    def wake(self, session: Session, key: PullKey, seconds: float) -> None:
        """Say so within *session*'s transaction, to be heard after *seconds*."""


@dataclass(frozen=True, slots=True)
class DeskRules:
    """How the desk is worked; times in seconds."""

    debounce: float = 20.0
    lease: float = 60.0
    attempts: int = 5
    per_repository: int = 2
    per_server: int = 8


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this worker owns until its lease ends."""

    key: PullKey
    repository: str
    installation_id: int
    wanted: int
    full: bool
    attempt: int  # 1 for the first
    owner: str
    only_framing: bool = False  # nothing else changed since the last look
    askers: tuple[str, ...] = ()  # people who asked by a button, newest first
    only_asked: bool = False  # nothing but they wants a look


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that nobody works on any more."""

    key: PullKey
    repository: str
    error: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows wait, are worked on, and are dead; *oldest* waits for so many seconds."""

    waiting: int
    working: int
    dead: int
    oldest: float


class Desk:
    """What is to be reviewed, by whom, and when."""

    def __init__(
        self,
        database: Database,
        rules: DeskRules | None = None,
        clock: Clock | None = None,
        waker: Waker | None = None,
    ) -> None:
        self._database = database
        self.rules = rules or DeskRules()
        self._clock = clock or Clock()
        self._waker = waker

    # --- wishes ------------------------------------------------------------------------------

    def record(self, delivery_id: str, wish: Wish) -> bool:
        """Record a delivery and raise ``wanted``, in one commit; False if it was known already.

        A redelivered id is dropped only while its work is pending or done: it revives the dead.
        """
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            fresh = session.change(
                "INSERT INTO deliveries (id, repository_id, number, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                delivery_id,
                wish.key.repository_id,
                wish.key.number,
                now,
            )
            if not fresh and not self._is_dead(session, wish.key):
                return False
            self._want(session, wish, now)
        return True

    def record_end(self, wish: Wish) -> bool:
        """Have a pull request looked at again where it waits or is worked on; False elsewhere.

        So a review under way stops, and what was closed and reopened meanwhile is not lost.
        """
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            waits = session.rows(
                "SELECT 1 FROM desk WHERE repository_id = ? AND number = ? AND wanted > done"
                " AND dead = 0",
                *_values(wish.key),
            )
            if waits:
                self._want(session, wish, now)
        return bool(waits)

    def _want(self, session: Session, wish: Wish, now: int) -> None:
        self._raise(session, wish, now)
        if wish.asked_by:
            session.change(
                "INSERT INTO askers (repository_id, number, wanted, login)"
                " SELECT repository_id, number, wanted, ? FROM desk"
                " WHERE repository_id = ? AND number = ?",
                wish.asked_by,
                *_values(wish.key),
            )
        if self._waker:
            self._waker.wake(session, wish.key, self.rules.debounce)

    def _raise(self, session: Session, wish: Wish, now: int) -> None:
        debounce = int(self.rules.debounce * 1000)
        latest = debounce * _LONGEST_DEBOUNCE
        session.change(
            "INSERT INTO desk (repository_id, number, repository, installation_id, wanted,"
            " wanted_since, reason, whole, not_before) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?)"
            " ON CONFLICT (repository_id, number) DO UPDATE SET"
            " repository = excluded.repository, installation_id = excluded.installation_id,"
            " wanted_since = CASE WHEN desk.wanted > desk.done THEN desk.wanted_since"
            " ELSE excluded.wanted_since END,"
            " not_before = CASE WHEN desk.wanted > desk.done"
            " AND desk.wanted_since + ? < excluded.not_before THEN desk.wanted_since + ?"
            " ELSE excluded.not_before END,"
            # Labels and titles do not hide what else a waiting row is wanted for.
            " reason = CASE WHEN desk.wanted > desk.done AND excluded.reason IN (?, ?, ?)"
            " THEN desk.reason ELSE excluded.reason END,"
            " wanted = desk.wanted + 1,"
            " whole = CASE WHEN excluded.whole = 1 THEN 1 ELSE desk.whole END,"
            " attempts = CASE WHEN desk.lease_until < ? THEN 0 ELSE desk.attempts END,"
            " dead = 0, error = ''",
            wish.key.repository_id,
            wish.key.number,
            wish.repository,
            wish.installation_id,
            now,
            wish.reason,
            int(wish.full),
            now + debounce,
            latest,
            latest,
            *_FRAMING,
            now,
        )

    def _is_dead(self, session: Session, key: PullKey) -> bool:
        rows = session.rows(
            "SELECT dead FROM desk WHERE repository_id = ? AND number = ?", *_values(key)
        )
        return bool(rows and rows[0][0])

    # --- work --------------------------------------------------------------------------------

    def claim(self, owner: str) -> Claim | None:
        """Take the row that waits longest and may be worked on now; None if there is none."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.exclusively(_PURPOSE)
            busy = session.rows(
                "SELECT repository_id, COUNT(*) FROM desk WHERE lease_until >= ?"
                " GROUP BY repository_id",
                now,
            )
            if sum(count for _, count in busy) >= self.rules.per_server:
                return None
            full = [key for key, count in busy if count >= self.rules.per_repository]
            return self._take(session, owner, now, full)

    def _take(self, session: Session, owner: str, now: int, full: list[int]) -> Claim | None:
        others = f" AND repository_id NOT IN ({', '.join('?' * len(full))})" if full else ""
        rows = session.rows(
            "SELECT repository_id, number, repository, installation_id, wanted, whole, attempts,"  # noqa: S608 - only placeholders
            " reason, wanted - done"
            f" FROM desk WHERE {_WAITING} AND not_before <= ?{others} AND NOT {_HALTED}"
            " ORDER BY not_before, repository_id, number LIMIT 1",
            now,
            now,
            *full,
        )
        if not rows:
            return None
        repository_id, number, repository, installation_id, wanted, whole, attempts = rows[0][:7]
        reason, wishes = rows[0][7:]
        key = PullKey(repository_id, number)
        askers = self._askers(session, key, wanted)
        session.change(
            "UPDATE desk SET owner = ?, lease_until = ?, attempts = attempts + 1"
            " WHERE repository_id = ? AND number = ?",
            owner,
            self._clock.milliseconds(self.rules.lease),
            *_values(key),
        )
        return Claim(
            key=key,
            repository=repository,
            installation_id=installation_id,
            wanted=wanted,
            full=bool(whole),
            attempt=attempts + 1,
            owner=owner,
            only_framing=reason in _FRAMING,
            askers=tuple(dict.fromkeys(askers)),
            only_asked=len(askers) == wishes,
        )

    def _askers(self, session: Session, key: PullKey, wanted: int) -> list[str]:
        rows = session.rows(
            "SELECT login FROM askers WHERE repository_id = ? AND number = ? AND wanted <= ?"
            " ORDER BY wanted DESC",
            *_values(key),
            wanted,
        )
        return [login for (login,) in rows]

    def renew(self, claim: Claim) -> bool:
        """Live on; False if the claim was lost to another worker."""
        return self._update(claim, "lease_until = ?", self._clock.milliseconds(self.rules.lease))

    def superseded(self, claim: Claim) -> bool:
        """Whether something newer is wanted than what was claimed."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT wanted FROM desk WHERE repository_id = ? AND number = ?",
                *_values(claim.key),
            )
        return bool(rows) and rows[0][0] > claim.wanted

    def halted(self, claim: Claim) -> bool:
        """Whether nothing may be done for the claim: spending, or its installation, is stopped."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT 1 FROM desk WHERE repository_id = ? AND number = ?"  # noqa: S608 - fixed texts
                f" AND {_HALTED}",
                *_values(claim.key),
            )
        return bool(rows)

    def finish(self, claim: Claim) -> bool:
        """What was claimed is done; what was wanted meanwhile stays on the desk."""
        finished = self._update(
            claim,
            "done = CASE WHEN done > ? THEN done ELSE ? END, attempts = 0, error = '',"
            " wanted_since = ?, lease_until = 0, owner = '',"
            " whole = CASE WHEN wanted > ? THEN whole ELSE 0 END",
            claim.wanted,
            claim.wanted,
            self._clock.milliseconds(),
            claim.wanted,
        )
        if finished:
            with self._database.transaction() as session:
                session.change(
                    "DELETE FROM askers WHERE repository_id = ? AND number = ? AND wanted <= ?",
                    *_values(claim.key),
                    claim.wanted,
                )
        return finished

    def postpone(self, claim: Claim, seconds: float, error: str) -> bool:
        """It did not work out: again in so many seconds. The attempt stays counted."""
        return self._update(
            claim,
            "not_before = ?, error = ?, lease_until = 0, owner = ''",
            self._clock.milliseconds(seconds),
            error[:500],
        )

    def release(self, claim: Claim) -> bool:
        """Hand the work back untouched, as a worker does that is asked to stop."""
        return self._update(claim, "attempts = attempts - 1, lease_until = 0, owner = ''")

    def bury(self, claim: Claim, error: str) -> bool:
        """Nobody tries again until something new happens."""
        return self._update(claim, "dead = 1, error = ?, lease_until = 0, owner = ''", error[:500])

    def _update(self, claim: Claim, changes: str, *values: object) -> bool:
        with self._database.transaction() as session:
            changed = session.change(
                f"UPDATE desk SET {changes} WHERE repository_id = ? AND number = ?"  # noqa: S608 - fixed texts
                " AND owner = ?",
                *values,
                *_values(claim.key),
                claim.owner,
            )
        return changed == 1

    # --- for operators -----------------------------------------------------------------------

    def counts(self) -> Counts:
        """How full the desk is."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            [row] = session.rows(
                f"SELECT SUM(CASE WHEN {_WAITING} THEN 1 ELSE 0 END),"  # noqa: S608 - fixed texts
                " SUM(CASE WHEN lease_until >= ? THEN 1 ELSE 0 END),"
                " SUM(CASE WHEN dead = 1 THEN 1 ELSE 0 END),"
                f" MIN(CASE WHEN {_WAITING} THEN wanted_since END) FROM desk",
                now,
                now,
                now,
            )
        waiting, working, dead, since = row
        oldest = max(0.0, (now - since) / 1000) if since else 0.0
        return Counts(int(waiting or 0), int(working or 0), int(dead or 0), oldest)

    def dead(self) -> list[Dead]:
        """What nobody works on any more."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT repository_id, number, repository, error FROM desk WHERE dead = 1"
                " ORDER BY repository, number"
            )
        return [Dead(PullKey(row[0], row[1]), row[2], row[3]) for row in rows]

    def waiting(self) -> list[tuple[PullKey, float]]:
        """What waits, and in how many seconds it may be worked on."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT repository_id, number, not_before, lease_until FROM desk"
                " WHERE wanted > done AND dead = 0"
            )
        return [
            (PullKey(row[0], row[1]), max(0.0, (max(row[2], row[3]) - now) / 1000)) for row in rows
        ]

    def forget_deliveries(self, days: float) -> int:
        """Remove delivery ids older than so many days."""
        with self._database.transaction() as session:
            return session.change(
                "DELETE FROM deliveries WHERE at < ?", self._clock.milliseconds(-days * 86_400)
            )


def _values(key: PullKey) -> tuple[Any, Any]:
    return key.repository_id, key.number
