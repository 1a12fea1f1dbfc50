"""What people decided on pull requests: pauses, silences, approved costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.command import Breadth, Sender
from reviewbot.domain.finding import Severity
from reviewbot.domain.ruling import Silence
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.ledger.database import Database


class SqlRulings:
    """The port ``Rulings`` on a database, and the writing side of it."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    # --- pauses ------------------------------------------------------------------------------

    def paused_by(self, pull: PullKey) -> str:
        """Who paused a pull request; empty if nobody did."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT sender FROM pauses WHERE repository_id = ? AND number = ?",
                pull.repository_id,
                pull.number,
            )
        return str(rows[0][0]) if rows else ""

    def pause(self, pull: PullKey, by: Sender) -> None:
        """Leave a pull request alone."""
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO pauses (repository_id, number, sender, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                pull.repository_id,
                pull.number,
                by.login,
                self._clock.milliseconds(),
            )

    def resume(self, pull: PullKey) -> None:
        """End the pause, if there is one."""
        with self._database.transaction() as session:
            session.change(
                "DELETE FROM pauses WHERE repository_id = ? AND number = ?",
                pull.repository_id,
                pull.number,
            )

    # --- silences ----------------------------------------------------------------------------

    def silences(self, pull: PullKey) -> Sequence[Silence]:
        """What nobody wants to hear of, in the order in which that was said."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT breadth, name, sender_id, sender, up_to FROM silences"
                " WHERE repository_id = ? AND number = ? ORDER BY at, sender_id, breadth, name",
                pull.repository_id,
                pull.number,
            )
        return [
            Silence(Breadth(breadth), name, Sender(sender_id, login), Severity(up_to))
            for breadth, name, sender_id, login, up_to in rows
        ]

    def silence(self, pull: PullKey, silence: Silence) -> None:
        """Record what somebody does not want to hear of."""
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO silences (repository_id, number, breadth, name, sender_id, sender,"
                " up_to, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, number,"
                " breadth, name, sender_id) DO UPDATE SET up_to = excluded.up_to",
                pull.repository_id,
                pull.number,
                silence.breadth.value,
                silence.name,
                silence.by.id,
                silence.by.login,
                silence.up_to.value,
                self._clock.milliseconds(),
            )

    # --- costs -------------------------------------------------------------------------------

    def may_cost(self, pull: PullRequest, quoted: PicoUsd) -> bool:
        """Whether somebody approved the review of this head; records that it waits."""
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO holds (repository_id, number, head_sha, quoted, at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                pull.key.repository_id,
                pull.key.number,
                pull.head_sha,
                quoted,
                self._clock.milliseconds(),
            )
            [(approved,)] = session.rows(
                "SELECT approved FROM holds WHERE repository_id = ? AND number = ?"
                " AND head_sha = ?",
                pull.key.repository_id,
                pull.key.number,
                pull.head_sha,
            )
        return bool(approved)

    def approve(self, pull: PullRequest, by: Sender, said_at: int) -> bool:
        """Approve the cost of this head; False if nothing waited for it when that was said (ms).

        Nobody approves what was not there to be seen yet.
        """
        with self._database.transaction() as session:
            changed = session.change(
                "UPDATE holds SET approved = 1, approved_by = ? WHERE repository_id = ?"
                " AND number = ? AND head_sha = ? AND at <= ?",
                by.login,
                pull.key.repository_id,
                pull.key.number,
                pull.head_sha,
                said_at,
            )
        return changed == 1
