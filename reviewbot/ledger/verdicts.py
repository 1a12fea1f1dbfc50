"""What the reviews of a commit concluded, by pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.clock import Clock
from reviewbot.review.ports import Conclusion, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.ledger.database import Database


class Verdicts:
    """The port ``Verdicts`` on a database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def record(self, pull: PullRequest, conclusion: Conclusion | None, title: str = "") -> None:
        """Record what the review of a head concluded; None says that it is under way."""
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO verdicts (repository_id, head_sha, number, conclusion, title, at)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, head_sha, number)"
                " DO UPDATE SET conclusion = excluded.conclusion, title = excluded.title,"
                " shown = '', at = excluded.at",
                pull.key.repository_id,
                pull.head_sha,
                pull.key.number,
                conclusion.value if conclusion else "",
                title,
                self._clock.milliseconds(),
            )

    def shown(self, pull: PullRequest, conclusion: Conclusion) -> None:
        """Record which conclusion the pull request's check run shows."""
        with self._database.transaction() as session:
            session.change(
                "UPDATE verdicts SET shown = ? WHERE repository_id = ? AND head_sha = ?"
                " AND number = ?",
                conclusion.value,
                pull.key.repository_id,
                pull.head_sha,
                pull.key.number,
            )

    def of(self, pull: PullRequest) -> Verdict | None:
        """What the review of a pull request's head concluded; None if there was none."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT number, conclusion, title, shown FROM verdicts WHERE repository_id = ?"
                " AND head_sha = ? AND number = ?",
                pull.key.repository_id,
                pull.head_sha,
                pull.key.number,
            )
        return _verdict(rows[0]) if rows else None

    def pulls_at(self, repository_id: int, head_sha: str) -> list[PullKey]:
        """The pull requests that were looked at with this head."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT number FROM verdicts WHERE repository_id = ? AND head_sha = ?"
                " ORDER BY number",
                repository_id,
                head_sha,
            )
        return [PullKey(repository_id, number) for (number,) in rows]

    def held_up_by(self, key: PullKey) -> list[PullKey]:
        """The pull requests whose checks show something worse for a commit that *key* has too."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT DISTINCT held.number FROM verdicts AS held JOIN verdicts AS holder"
                " ON holder.repository_id = held.repository_id AND holder.head_sha = held.head_sha"
                " WHERE holder.repository_id = ? AND holder.number = ? AND held.number <> ?"
                " AND held.shown <> '' AND held.shown <> held.conclusion ORDER BY held.number",
                key.repository_id,
                key.number,
                key.number,
            )
        return [PullKey(key.repository_id, number) for (number,) in rows]

    def elsewhere(self, pull: PullRequest) -> Sequence[Verdict]:
        """The verdicts of other pull requests on the same commit."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT number, conclusion, title, shown FROM verdicts WHERE repository_id = ?"
                " AND head_sha = ? AND number <> ? ORDER BY number",
                pull.key.repository_id,
                pull.head_sha,
                pull.key.number,
            )
        return [_verdict(row) for row in rows]


def _verdict(row: tuple[Any, ...]) -> Verdict:
    number, said, title, shown = row
    return Verdict(number, _conclusion(said), title, _conclusion(shown))


def _conclusion(text: str) -> Conclusion | None:
    return Conclusion(text) if text else None
