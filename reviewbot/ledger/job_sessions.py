"""Sessions that workflows bought, and the jobs' tokens that were used up for them."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.domain.policy import Data
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.audit import Decision, note
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.installations import HALTED
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Limits, Purse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.ledger.database import Database

_TOKEN_BYTES = 32
_PREFIX = "rbs-"  # says what it is, where it turns up
_SHARE = "escalation_share"
_ACTION = "companion session"  # in the audit log


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session may do: who pays, within which limits, and what is taken out of prompts."""

    purse: Purse
    redaction: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is still good. *is_halted* says that nothing may be asked now."""

    id: str
    terms: Terms
    calls: int
    is_halted: bool


class Sessions:
    """Sessions by their token, which is kept as a digest; the same for every process."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or Clock()

    def use_up(self, issuer: str, token_id: str, ends: int) -> bool:
        """Whether a job's token is shown for the first time; *ends* is in seconds since 1970."""
        with self._database.transaction() as session:
            fresh = session.change(
                "INSERT INTO used_tokens (digest, ends_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                _digest(f"{issuer}\n{token_id}"),
                ends * 1000,
            )
        return fresh == 1

    def open(self, terms: Terms, seconds: float, who: str, why: str) -> str:
        """A new session's token; *who* and *why* go to the audit log."""
        token = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        purse = terms.purse
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.change(
                "INSERT INTO companion_sessions (digest, review_id, repository_id,"
                " installation_id, terms, ends_at) VALUES (?, ?, ?, ?, ?, ?)",
                _digest(token),
                purse.review_id,
                purse.pull.repository_id,
                purse.installation_id,
                json.dumps(_as_json(terms)),
                self._clock.milliseconds(seconds),
            )
            subject = f"{purse.repository}#{purse.pull.number}"
            note(session, Decision(now, who, _ACTION, subject, why))
        return token

    def enter(self, token: str) -> Session | None:
        """The session of that token, with this call counted; None where there is none.

        Whoever has no session writes nothing, and waits for no writer: anybody may try tokens.
        """
        digest = _digest(token)
        if not self._is_good(digest):
            return None
        with self._database.transaction() as session:
            counted = session.change(
                "UPDATE companion_sessions SET calls = calls + 1 WHERE digest = ? AND ends_at > ?",
                digest,
                self._clock.milliseconds(),
            )
            if not counted:
                return None
            halted = HALTED.format(row="s")
            [(terms, calls, is_halted)] = session.rows(
                f"SELECT s.terms, s.calls, CASE WHEN {halted} THEN 1 ELSE 0 END"  # noqa: S608 - fixed text
                " FROM companion_sessions AS s WHERE s.digest = ?",
                digest,
            )
        return Session(digest, _read(json.loads(terms)), int(calls), bool(is_halted))

    def _is_good(self, digest: str) -> bool:
        with self._database.snapshot() as session:
            return bool(
                session.rows(
                    "SELECT 1 FROM companion_sessions WHERE digest = ? AND ends_at > ?",
                    digest,
                    self._clock.milliseconds(),
                )
            )

    def forget_ended(self) -> int:
        """Remove what is over, and close its reviews; returns how many sessions ended."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            session.change("DELETE FROM used_tokens WHERE ends_at < ?", now)
            ended = session.rows(
                "DELETE FROM companion_sessions WHERE ends_at < ? RETURNING review_id", now
            )
            alive = {each for (each,) in session.rows("SELECT review_id FROM companion_sessions")}
        reviews = Reviews(self._database, self._clock)
        for review_id in {each for (each,) in ended} - alive:
            reviews.close(review_id, "ended", "")
        return len(ended)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _as_json(terms: Terms) -> dict[str, Any]:
    purse = terms.purse
    stated = {name: value for name, value in asdict(purse.limits).items() if value is not None}
    return {
        "review_id": purse.review_id,
        "pull": [purse.pull.repository_id, purse.pull.number],
        "repository": purse.repository,
        "installation_id": purse.installation_id,
        "head_sha": purse.head_sha,
        "author_id": purse.author_id,
        "limits": {name: str(value) for name, value in stated.items()},
        "data": None if purse.data is None else purse.data.model_dump(mode="json"),
        "redaction": list(terms.redaction),
    }


def _read(said: Mapping[str, Any]) -> Terms:
    amounts = {name: PicoUsd(int(v)) for name, v in said["limits"].items() if name != _SHARE}
    purse = Purse(
        review_id=said["review_id"],
        pull=PullKey(*said["pull"]),
        repository=said["repository"],
        installation_id=said["installation_id"],
        head_sha=said["head_sha"],
        limits=Limits(**amounts, escalation_share=Decimal(said["limits"][_SHARE])),
        data=None if said["data"] is None else Data.model_validate(said["data"]),
        author_id=said["author_id"],
    )
    return Terms(purse, tuple(said["redaction"]))


@dataclass(frozen=True, slots=True)
class RequestBill:
    """What one request of a session came to, over all its attempts.

    *error* is the last attempt's; *is_counted* says that endpoints counted every token of it.
    """

    usage: Usage
    cost: PicoUsd
    is_counted: bool
    error: str


def bill_of(database: Database, review_id: str, label: str) -> RequestBill:
    """The bill of the calls under a label that no other request has."""
    with database.transaction() as session:
        rows = session.rows(
            "SELECT tokens_in, tokens_out, tokens_cached, tokens_written, tokens_thought, cost,"
            " state, error FROM calls WHERE review_id = ? AND label = ?"
            " ORDER BY reserved_at, id",
            review_id,
            label,
        )
    sums = [sum(int(row[at]) for row in rows) for at in range(6)]
    return RequestBill(
        usage=Usage(sums[0], sums[1], sums[2], sums[3], sums[4]),
        cost=PicoUsd(sums[5]),
        is_counted=all(row[6] == "settled" for row in rows),
        error=str(rows[-1][7]) if rows else "",
    )
