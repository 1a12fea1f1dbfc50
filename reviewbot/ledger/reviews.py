"""The record of reviews, and the sums over what they cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Category, Severity, Side, Tier
from reviewbot.domain.money import PicoUsd, parse_usd
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.pull_request import PullKey
from reviewbot.domain.spent import Money, Spent
from reviewbot.ledger import feedback
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.forecasts import judge, past_of, record
from reviewbot.ledger.naming import new_id
from reviewbot.ledger.rollups import Closed, add_closed
from reviewbot.ledger.scopes import pull_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.forecast import Forecast, Past
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.ledger.database import Database, Session


class Reviews:
    """The port ``Journal`` on a database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def is_open(self, pull: PullRequest, trigger: str) -> bool:
        """Whether a review of this head and trigger was opened and not closed."""
        with self._database.transaction() as session:
            return bool(_opened(session, _about(pull, trigger)))

    def open(self, pull: PullRequest, trigger: str) -> str:
        """The id of the open review of this head and trigger; a new one after it was closed."""
        about = _about(pull, trigger)
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO reviews (id, repository_id, number, head_sha, cause, repository,"
                " state, opened_at) VALUES (?, ?, ?, ?, ?, ?, 'open', ?) ON CONFLICT DO NOTHING",
                new_id(),
                *about,
                pull.repository,
                self._clock.milliseconds(),
            )
            [(review_id,)] = _opened(session, about)
        return str(review_id)

    def close(
        self, review_id: str, state: str, report: str, raised: Sequence[PostedFinding] = ()
    ) -> None:
        """Record how it ended; *report* is JSON, with what cached answers saved."""
        said = json.loads(report) if report else {}
        saved = parse_usd(said.get("cost", {}).get("saved_usd", "0"))
        with self._database.transaction() as session:
            feedback.remember(session, review_id, raised, said, self._clock.milliseconds())
            spent, presumed, *_, calls = _sums(session, review_id)
            rows = session.rows(
                "UPDATE reviews SET state = ?, report = ?, saved = ?, starved = ?,"
                " complete = ?, cost = ?, closed_at = ? WHERE id = ? AND state = 'open'"
                " RETURNING repository_id, repository, number, opened_at",
                *(state, report, saved, int(bool(said.get("shortages")))),
                *(int(bool(said.get("complete"))), spent + presumed),
                self._clock.milliseconds(),
                review_id,
            )
            sums = {"saved": saved} if calls else {"saved": saved, "reviews": 1}
            for repository_id, repository, number, opened_at in rows:
                add_closed(session, Closed(repository_id, repository, number, opened_at, sums))
                judge(session, review_id)

    def past(self, pull: PullKey) -> Sequence[Past]:
        """The latest reviews of the repository that read what they planned, to learn from."""
        with self._database.transaction() as session:
            return past_of(session, pull.repository_id)

    def foresee(self, review_id: str, forecast: Forecast) -> Forecast:
        """Record what a review is forecast to cost; what was recorded first stands."""
        with self._database.transaction() as session:
            return record(session, review_id, forecast)

    def raised(self, pull: PullKey) -> Sequence[PostedFinding]:
        """What reviews posted on a pull request's lines, standing or not, and what they listed."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT fingerprint, path, side, category, severity, digest, title, listed"
                " FROM raised"
                " WHERE repository_id = ? AND number = ? ORDER BY fingerprint",
                pull.repository_id,
                pull.number,
            )
        return [
            PostedFinding(
                *(name, path, Side(side), Category(kind), Severity(grade), digest, title),
                is_listed=bool(is_listed),
            )
            for name, path, side, kind, grade, digest, title, is_listed in rows
        ]

    def learn(self, pull: PullKey, posted: Sequence[PostedFinding]) -> None:
        """Write down what people made of what was posted, as it is seen now."""
        with self._database.transaction() as session:
            feedback.learn(session, pull, posted, self._clock.milliseconds())

    def rule_of(self, pull: PullKey, fingerprint: str) -> str:
        """The rule that a finding cites, by the latest report that has it, or nothing."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT report FROM reviews WHERE repository_id = ? AND number = ?"
                " AND state = 'published' ORDER BY closed_at DESC, id DESC",
                pull.repository_id,
                pull.number,
            )
        cited = (dict(_rules(report)).get(fingerprint, "") for (report,) in rows)
        return next(filter(None, cited), "")

    def spent(self, pull: PullKey) -> Sequence[Spent]:
        """What a pull request has cost, reviews first."""
        with self._database.transaction() as session:
            rows = session.rows(
                "SELECT tier, purpose, SUM(calls), SUM(tokens_in), SUM(tokens_out), SUM(spent),"
                " SUM(presumed) FROM spending_by_pull WHERE repository_id = ? AND number = ?"
                " AND tier <> '' GROUP BY tier, purpose ORDER BY purpose DESC, tier",
                pull.repository_id,
                pull.number,
            )
        return [
            Spent(
                tier=Tier(tier),
                is_answer=purpose == "answer",
                calls=int(calls),
                tokens_in=int(tokens_in),
                tokens_out=int(tokens_out),
                settled=PicoUsd(int(settled)),
                presumed=PicoUsd(int(presumed)),
            )
            for tier, purpose, calls, tokens_in, tokens_out, settled, presumed in rows
        ]

    def money(self, review_id: str, pull: PullKey) -> Money:
        """What the review and its pull request have cost so far."""
        with self._database.transaction() as session:
            spent, presumed, tokens_in, tokens_out, calls = _sums(session, review_id)
            total = session.rows(
                "SELECT settled + presumed FROM budgets WHERE scope = ?", pull_scope(pull)
            )
        pr_total = PicoUsd(int(total[0][0])) if total else PicoUsd(0)
        return Money(PicoUsd(spent), PicoUsd(presumed), pr_total, tokens_in, tokens_out, calls)


def _rules(report: str) -> Iterator[tuple[str, str]]:
    """The fingerprints of a report's findings, and the rules that they cite."""
    for found in json.loads(report).get("findings", ()) if report else ():
        if found.get("rule"):
            yield found["fingerprint"], found["rule"]


@dataclass(frozen=True, slots=True)
class Starved:
    """A pull request whose newest review a limit kept from reading everything."""

    key: PullKey
    repository: str
    at: int  # milliseconds since 1970
    shortages: tuple[str, ...]  # the scopes that had no room, as people call them


def starved(database: Database, since: int) -> list[Starved]:
    """Pull requests whose newest review since then was starved, the newest first."""
    with database.transaction() as session:
        rows = session.rows(
            "SELECT repository_id, number, repository, closed_at, report FROM reviews r"
            " WHERE starved = 1 AND closed_at >= ? AND NOT EXISTS (SELECT 1 FROM reviews n"
            " WHERE n.repository_id = r.repository_id AND n.number = r.number"
            " AND n.opened_at > r.opened_at AND n.opened_at >= ?) ORDER BY closed_at DESC, id DESC",
            since,
            since,
        )
    return [Starved(PullKey(row[0], row[1]), row[2], row[3], _scopes_in(row[4])) for row in rows]


def _scopes_in(report: str) -> tuple[str, ...]:
    shortages = json.loads(report).get("shortages", ()) if report else ()
    return tuple(dict.fromkeys(str(each["scope"]) for each in shortages))


def _about(pull: PullRequest, trigger: str) -> tuple[int, int, str, str]:
    return pull.key.repository_id, pull.key.number, pull.head_sha, trigger


def _opened(session: Session, about: tuple[int, int, str, str]) -> Sequence[tuple[str]]:
    return session.rows(
        "SELECT id FROM reviews WHERE repository_id = ? AND number = ? AND head_sha = ?"
        " AND cause = ? AND state = 'open'",
        *about,
    )


def _sums(session: Session, review_id: str) -> tuple[int, int, int, int, int]:
    [row] = session.rows(
        "SELECT SUM(CASE WHEN state = 'settled' THEN cost ELSE 0 END),"
        " SUM(CASE WHEN state = 'presumed' THEN cost ELSE 0 END),"
        " SUM(tokens_in), SUM(tokens_out), COUNT(*) FROM bills WHERE review_id = ?",
        review_id,
    )
    spent, presumed, tokens_in, tokens_out, calls = (int(value or 0) for value in row)
    return spent, presumed, tokens_in, tokens_out, calls
