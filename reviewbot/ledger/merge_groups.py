"""Commits of merge queues that wait for their check; they must not wait for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.installations import GONE

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_PURPOSE = 7_265_103  # of the lock around claims
_LEASE_SECONDS = 120.0
_HALTED = GONE.format(row="merge_groups")  # a stop of all spending stops no answers


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """A commit whose check this worker answers until its lease ends; *age* is in seconds."""

    key: PullKey
    repository: str
    installation_id: int
    head_sha: str
    attempt: int
    age: float
    owner: str


class MergeGroups:
    """What merge queues wait for."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def record(self, key: PullKey, repository: str, installation_id: int, head_sha: str) -> bool:
        """A queue asks for a commit's check; False if it had asked before."""
        with self._database.transaction() as session:
            fresh = session.change(
                "INSERT INTO merge_groups (repository_id, head_sha, number, repository,"
                " installation_id, asked_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                key.repository_id,
                head_sha,
                key.number,
                repository,
                installation_id,
                self._clock.milliseconds(),
            )
        return fresh == 1

    def reopen(self, repository_id: int, head_sha: str, seconds: float) -> bool:
        """Have a commit's check answered anew, in so many seconds; False if no queue made it.

        It is taken from who has it: an answer that people saw already may not be recorded yet.
        """
        with self._database.transaction() as session:
            changed = session.change(
                "UPDATE merge_groups SET answered = 0, attempts = 0, asked_at = ?, not_before = ?,"
                " owner = '', lease_until = 0 WHERE repository_id = ? AND head_sha = ?",
                self._clock.milliseconds(),
                self._clock.milliseconds(seconds),
                repository_id,
                head_sha,
            )
        return changed == 1

    def claim(self, owner: str) -> WaitingGroup | None:
        """Take the one that waits longest; None if none is due."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.exclusively(_PURPOSE)
            rows = session.rows(
                "SELECT repository_id, head_sha, number, repository, installation_id, attempts,"  # noqa: S608 - fixed texts
                " asked_at FROM merge_groups WHERE answered = 0 AND lease_until < ?"
                f" AND not_before <= ? AND NOT {_HALTED}"
                " ORDER BY not_before, asked_at, repository_id, head_sha LIMIT 1",
                now,
                now,
            )
            if not rows:
                return None
            repository_id, head_sha, number, repository, installation_id, attempts, at = rows[0]
            session.change(
                "UPDATE merge_groups SET owner = ?, lease_until = ?, attempts = attempts + 1"
                " WHERE repository_id = ? AND head_sha = ?",
                owner,
                self._clock.milliseconds(_LEASE_SECONDS),
                repository_id,
                head_sha,
            )
        return WaitingGroup(
            key=PullKey(repository_id, number),
            repository=repository,
            installation_id=installation_id,
            head_sha=head_sha,
            attempt=attempts + 1,
            age=(now - at) / 1000,
            owner=owner,
        )

    def finish(self, group: WaitingGroup) -> None:
        """It was answered, or nobody can."""
        self._update(group, "answered = 1", 0.0)

    def postpone(self, group: WaitingGroup, seconds: float) -> None:
        """Not yet: again in so many seconds."""
        self._update(group, "answered = 0", seconds)

    def _update(self, group: WaitingGroup, change: str, seconds: float) -> None:
        with self._database.transaction() as session:
            session.change(
                f"UPDATE merge_groups SET {change}, lease_until = 0, owner = '', not_before = ?"  # noqa: S608 - fixed texts
                " WHERE repository_id = ? AND head_sha = ? AND owner = ?",
                self._clock.milliseconds(seconds),
                group.key.repository_id,
                group.head_sha,
                group.owner,
            )
