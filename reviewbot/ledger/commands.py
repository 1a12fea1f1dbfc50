"""Commands as they wait to be carried out: one row a comment, each carried out once.

Those of one pull request are carried out one after the other, in the order in which they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.command import CommandWish, Place, Sender
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.installations import HALTED

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database, Session

_PURPOSE = 7_265_104  # of the lock around claims
_DAY = 86_400_000  # milliseconds
_HALTED = HALTED.format(row="commands")
_FIELDS = (
    "place, comment_id, repository_id, number, repository, installation_id, thread, sender_id,"
    " sender, said, attempts, at"
)
_NEXT = (
    "state = 'waiting' AND lease_until < ? AND not_before <= ? AND NOT EXISTS"
    " (SELECT 1 FROM commands AS earlier WHERE earlier.state = 'waiting'"
    " AND earlier.repository_id = commands.repository_id AND earlier.number = commands.number"
    " AND (earlier.at < commands.at"
    " OR (earlier.at = commands.at AND earlier.comment_id < commands.comment_id)))"
)


@dataclass(frozen=True, slots=True)
class CommandRules:
    """How commands are worked; times in seconds."""

    lease: float = 60.0
    attempts: int = 5


@dataclass(frozen=True, slots=True)
class CommandClaim:
    """A command that this worker owns until its lease ends; *at* is when it came (ms)."""

    wish: CommandWish
    attempt: int  # 1 for the first
    at: int
    owner: str


class Commands:
    """What people asked for in comments, and who is at it."""

    def __init__(
        self,
        database: Database,
        rules: CommandRules | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self.rules = rules or CommandRules()
        self._clock = clock or Clock()

    def record(self, wish: CommandWish) -> bool:
        """Record a command; False if it was known already. What was given up is tried anew."""
        with self._database.transaction() as session:
            fresh = self._insert(session, wish) or session.change(
                "UPDATE commands SET state = 'waiting', attempts = 0, not_before = ?, said = ?"
                " WHERE place = ? AND comment_id = ? AND state = 'dead'",
                self._clock.milliseconds(),
                wish.said,
                wish.place.value,
                wish.comment_id,
            )
        return bool(fresh)

    def _insert(self, session: Session, wish: CommandWish) -> int:
        now = self._clock.milliseconds()
        return session.change(
            "INSERT INTO commands (place, comment_id, repository_id, number, repository,"
            " installation_id, thread, sender_id, sender, verb, said, not_before, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            wish.place.value,
            wish.comment_id,
            wish.key.repository_id,
            wish.key.number,
            wish.repository,
            wish.installation_id,
            wish.thread,
            wish.sender.id,
            wish.sender.login,
            wish.said.partition(" ")[0].casefold()[:40],
            wish.said,
            now,
            now,
        )

    def claim(self, owner: str) -> CommandClaim | None:
        """Take the oldest command that may be worked on now; None if there is none."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.exclusively(_PURPOSE)
            rows = session.rows(
                f"SELECT {_FIELDS} FROM commands WHERE {_NEXT} AND NOT {_HALTED}"  # noqa: S608 - fixed texts
                " ORDER BY at, comment_id LIMIT 1",
                now,
                now,
            )
            if not rows:
                return None
            place, comment_id, repository_id, number, *rest = rows[0]
            repository, installation_id, thread, sender_id, sender, said, attempts, at = rest
            session.change(
                "UPDATE commands SET owner = ?, lease_until = ?, attempts = attempts + 1"
                " WHERE place = ? AND comment_id = ?",
                owner,
                self._clock.milliseconds(self.rules.lease),
                place,
                comment_id,
            )
        wish = CommandWish(
            PullKey(repository_id, number),
            repository,
            installation_id,
            Place(place),
            comment_id,
            thread,
            Sender(sender_id, sender),
            said,
        )
        return CommandClaim(wish, attempts + 1, at, owner)

    def renew(self, claim: CommandClaim) -> bool:
        """Live on; False if the claim was lost to another worker."""
        return self._update(claim, "lease_until = ?", self._clock.milliseconds(self.rules.lease))

    def halted(self, claim: CommandClaim) -> bool:
        """Whether nothing may be done for the claim: spending, or its installation, is stopped."""
        with self._database.transaction() as session:
            rows = session.rows(
                f"SELECT 1 FROM commands WHERE place = ? AND comment_id = ? AND {_HALTED}",  # noqa: S608 - fixed texts
                claim.wish.place.value,
                claim.wish.comment_id,
            )
        return bool(rows)

    def release(self, claim: CommandClaim) -> bool:
        """Hand the work back untouched, to be done when nothing is stopped any more."""
        return self._update(claim, "attempts = attempts - 1, lease_until = 0, owner = ''")

    def finish(self, claim: CommandClaim) -> bool:
        """It is done; what was asked is not kept."""
        return self._update(claim, "state = 'done', said = '', error = '', owner = ''")

    def postpone(self, claim: CommandClaim, seconds: float, error: str) -> bool:
        """It did not work out: again in so many seconds. The attempt stays counted."""
        later = self._clock.milliseconds(seconds)
        changes = "not_before = ?, error = ?, lease_until = 0, owner = ''"
        return self._update(claim, changes, later, error[:500])

    def bury(self, claim: CommandClaim, error: str) -> bool:
        """Nobody tries again, unless it is delivered again."""
        changes = "state = 'dead', error = ?, lease_until = 0, owner = ''"
        return self._update(claim, changes, error[:500])

    def rank_today(self, claim: CommandClaim, verbs: tuple[str, ...]) -> int:
        """The how manieth of its sender's commands with *verbs* it is, on its day (UTC)."""
        midnight = claim.at - claim.at % _DAY
        marks = ", ".join("?" * len(verbs))
        with self._database.transaction() as session:
            [(count,)] = session.rows(
                f"SELECT COUNT(*) FROM commands WHERE sender_id = ? AND verb IN ({marks})"  # noqa: S608 - only placeholders
                " AND at >= ? AND (at < ? OR (at = ? AND comment_id <= ?))",
                claim.wish.sender.id,
                *verbs,
                midnight,
                claim.at,
                claim.at,
                claim.wish.comment_id,
            )
        return int(count)

    # --- for operators -----------------------------------------------------------------------

    def counts(self) -> tuple[int, int]:
        """How many commands wait or are worked on, and how many were given up."""
        with self._database.transaction() as session:
            [(waiting, dead)] = session.rows(
                "SELECT SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END),"
                " SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) FROM commands"
            )
        return int(waiting or 0), int(dead or 0)

    def forget(self, days: float) -> int:
        """Remove what is over, done or given up, and older than so many days."""
        with self._database.transaction() as session:
            return session.change(
                "DELETE FROM commands WHERE state <> 'waiting' AND at < ?",
                self._clock.milliseconds(-days * 86_400),
            )

    def _update(self, claim: CommandClaim, changes: str, *values: object) -> bool:
        with self._database.transaction() as session:
            changed = session.change(
                f"UPDATE commands SET {changes} WHERE place = ? AND comment_id = ?"  # noqa: S608 - fixed texts
                " AND owner = ?",
                *values,
                claim.wish.place.value,
                claim.wish.comment_id,
                claim.owner,
            )
        return changed == 1
