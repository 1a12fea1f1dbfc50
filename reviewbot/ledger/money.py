"""The budget law, and the table of answers that is written with it.

No reservation is granted that would make settled + reserved + presumed exceed a limit, in any
scope. Each counter is one row, changed only where the sum still fits, in one transaction.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BudgetExhausted, LedgerError
from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.scopes import pull_scope, scopes_of
from reviewbot.ledger.switch import refuse_while_stopped
from reviewbot.review.ports import Answer, Attempt, Ending, Grant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Database, Session
    from reviewbot.ledger.scopes import Scope
    from reviewbot.review.ports import Charge

_KEYS_AT_ONCE = 400
_EXPIRED_AT_ONCE = 100
_PAUSE = 0.1  # seconds between looks at a counter that may still shrink


class _Refused(Exception):
    def __init__(self, scope: Scope, *, may_shrink: bool) -> None:
        super().__init__(scope, may_shrink)
        self.scope, self.may_shrink = scope, may_shrink


@dataclass(frozen=True, slots=True)
class _Bill:
    """How a call is entered: its state, its cost, and the tokens behind it."""

    state: str
    cost: PicoUsd
    ending: Ending
    tokens: tuple[int, int, int, int, int]  # in, out, cached, written, thought


class SqlLedger:
    """The port ``Ledger`` on a database; *patience* bounds the wait for other reservations."""

    def __init__(
        self, database: Database, clock: Clock | None = None, patience: float = 60.0
    ) -> None:
        self._database = database
        self._clock = clock or Clock()
        self._patience = patience

    # --- answers -----------------------------------------------------------------------------

    def known(self, keys: Sequence[str], models: Sequence[str]) -> Mapping[str, Answer]:
        """The stored answers to *keys*; where several models answered, the preferred one's."""
        if not keys or not models:
            return {}
        found: dict[str, Answer] = {}
        with self._database.transaction() as session:
            for begin in range(0, len(keys), _KEYS_AT_ONCE):
                for answer in _answers(session, keys[begin : begin + _KEYS_AT_ONCE], models):
                    known = found.get(answer.key)
                    if known is None or models.index(answer.model) < models.index(known.model):
                        found[answer.key] = answer
        return found

    # --- money -------------------------------------------------------------------------------

    def reserve(self, charge: Charge) -> Grant:
        """Set the worst case aside in every scope or none.

        Raises BudgetExhausted, or SpendingStopped while an administrator has stopped all of it.
        Waits while reservations of the refusing scope may still shrink enough.
        """
        deadline = self._clock.seconds() + self._patience
        while True:
            self.presume_expired()
            try:
                return self._reserve(charge)
            except _Refused as refused:
                if not refused.may_shrink or self._clock.seconds() >= deadline:
                    raise _exhausted(refused.scope, charge.worst) from None
            self._clock.sleep(_PAUSE)

    def settle(self, grant: Grant, attempt: Attempt, answers: Sequence[Answer] = ()) -> PicoUsd:
        """Record what came of *grant*, with its answers, in one commit; returns the cost.

        A call that was presumed meanwhile gets a correction. A bill above its bound is recorded
        in full, flags the endpoint and closes the pull request's scope.
        """
        bill = _bill(grant.charge, attempt)
        with self._database.transaction() as session:
            scopes = _scopes(session, grant.id)
            if self._enter(session, grant, attempt, bill):
                _move(session, scopes, grant.charge.worst, bill)
            elif bill.state == "settled":
                self._correct(session, grant, scopes, bill)
            if bill.cost > grant.charge.worst:
                self._flag(session, grant, bill.cost)
            for answer in answers:
                self._store(session, answer)
        return bill.cost

    def presume_expired(self) -> int:
        """Enter calls whose lease ran out at their worst case; returns how many."""
        now = self._clock.milliseconds()
        with self._database.transaction() as session:
            expired = session.rows(
                "SELECT id, worst, scopes FROM calls WHERE state = 'reserved' AND lease_until < ?"
                " ORDER BY id LIMIT ?",
                now,
                _EXPIRED_AT_ONCE,
            )
        for call_id, worst, scopes in expired:
            self._presume(call_id, worst, json.loads(scopes))
        return len(expired)

    def _reserve(self, charge: Charge) -> Grant:
        grant = Grant(uuid.uuid4().hex, charge)
        scopes = scopes_of(charge.purse, self._clock.today())
        with self._database.transaction() as session:
            refuse_while_stopped(session)
            for scope in scopes:
                _set_aside(session, scope, charge.worst)
            self._record(session, grant, scopes)
        return grant

    def _record(self, session: Session, grant: Grant, scopes: Sequence[Scope]) -> None:
        charge, purse = grant.charge, grant.charge.purse
        values = {
            "id": grant.id,
            "review_id": purse.review_id,
            "repository_id": purse.pull.repository_id,
            "number": purse.pull.number,
            "repository": purse.repository,
            "installation_id": purse.installation_id,
            "head_sha": purse.head_sha,
            "tier": charge.tier.value,
            "model": charge.model,
            "endpoint": charge.endpoint,
            "upstream": charge.upstream,
            "jurisdiction": charge.jurisdiction,
            "label": charge.label,
            "reason": charge.reason,
            "scopes": json.dumps([scope.name for scope in scopes]),
            "price": json.dumps(asdict(charge.price)),
            "worst": charge.worst,
            "state": "reserved",
            "reserved_at": self._clock.milliseconds(),
            "lease_until": self._clock.milliseconds(charge.lease_seconds),
        }
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO calls ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - fixed names
        session.change(sql, *values.values())

    def _enter(self, session: Session, grant: Grant, attempt: Attempt, bill: _Bill) -> bool:
        """Close the call's row; False if it was closed before."""
        changed = session.change(
            "UPDATE calls SET state = ?, cost = ?, ending = ?, tokens_in = ?, tokens_out = ?,"
            " tokens_cached = ?, tokens_written = ?, tokens_thought = ?, model_answered = ?,"
            " latency_ms = ?, error = ?, settled_at = ? WHERE id = ? AND state = 'reserved'",
            bill.state,
            bill.cost,
            bill.ending.value,
            *bill.tokens,
            attempt.model_answered[:200],
            attempt.latency_ms,
            attempt.error[:200],
            self._clock.milliseconds(),
            grant.id,
        )
        return changed == 1

    def _correct(self, session: Session, grant: Grant, scopes: Sequence[str], bill: _Bill) -> None:
        """The true cost of a call that was presumed; written once."""
        changed = session.change(
            "INSERT INTO corrections (call_id, at, cost, ending, tokens_in, tokens_out)"
            " SELECT id, ?, ?, ?, ?, ? FROM calls WHERE id = ? AND state = 'presumed'"
            " ON CONFLICT DO NOTHING",
            self._clock.milliseconds(),
            bill.cost,
            bill.ending.value,
            *bill.tokens[:2],
            grant.id,
        )
        if changed != 1:
            return
        for scope in scopes:
            session.change(
                "UPDATE budgets SET presumed = presumed - ?, settled = settled + ? WHERE scope = ?",
                grant.charge.worst,
                bill.cost,
                scope,
            )

    def _presume(self, call_id: str, worst: int, scopes: Sequence[str]) -> None:
        with self._database.transaction() as session:
            changed = session.change(
                "UPDATE calls SET state = 'presumed', cost = worst, ending = ?, settled_at = ?,"
                " error = 'lease-expired' WHERE id = ? AND state = 'reserved'",
                Ending.UNKNOWN.value,
                self._clock.milliseconds(),
                call_id,
            )
            if changed:
                bill = _Bill("presumed", PicoUsd(worst), Ending.UNKNOWN, (0, 0, 0, 0, 0))
                _move(session, scopes, worst, bill)

    def _flag(self, session: Session, grant: Grant, cost: PicoUsd) -> None:
        charge = grant.charge
        why = f"billed {format_usd(cost)} where {format_usd(charge.worst)} was the bound"
        session.change(
            "INSERT INTO flagged_endpoints (endpoint, at, why) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            charge.endpoint,
            self._clock.milliseconds(),
            why,
        )
        session.change(
            "UPDATE budgets SET closed = 1 WHERE scope = ?", pull_scope(charge.purse.pull)
        )

    def _store(self, session: Session, answer: Answer) -> None:
        session.change(
            "INSERT INTO answers (key, model, text, cost, tokens, review_id, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            answer.key,
            answer.model,
            answer.text.replace("\0", ""),
            answer.cost,
            answer.tokens,
            answer.review_id,
            self._clock.milliseconds(),
        )


def _answers(session: Session, keys: Sequence[str], models: Sequence[str]) -> list[Answer]:
    of_keys, of_models = ", ".join("?" * len(keys)), ", ".join("?" * len(models))
    rows = session.rows(
        "SELECT key, text, model, cost, tokens, review_id FROM answers"  # noqa: S608 - only placeholders
        f" WHERE key IN ({of_keys}) AND model IN ({of_models})",
        *keys,
        *models,
    )
    return [Answer(*row) for row in rows]


def _set_aside(session: Session, scope: Scope, worst: int) -> None:
    session.change("INSERT INTO budgets (scope) VALUES (?) ON CONFLICT DO NOTHING", scope.name)
    changed = session.change(
        "UPDATE budgets SET reserved = reserved + ? WHERE scope = ? AND closed = 0"
        " AND settled + reserved + presumed + ? <= ?",
        worst,
        scope.name,
        worst,
        scope.limit,
    )
    if changed != 1:
        [(spent, closed)] = session.rows(
            "SELECT settled + presumed, closed FROM budgets WHERE scope = ?", scope.name
        )
        [(reserved,)] = session.rows("SELECT reserved FROM budgets WHERE scope = ?", scope.name)
        may_shrink = not closed and reserved > 0 and spent + worst <= scope.limit
        raise _Refused(scope, may_shrink=may_shrink)


def _scopes(session: Session, call_id: str) -> list[str]:
    rows = session.rows("SELECT scopes FROM calls WHERE id = ?", call_id)
    if not rows:
        message = "a call was settled that was never reserved"
        raise LedgerError(message)
    scopes: list[str] = json.loads(rows[0][0])
    return scopes


def _move(session: Session, scopes: Sequence[str], worst: int, bill: _Bill) -> None:
    """Out of the reservation, into what is settled or presumed."""
    into = "settled" if bill.state == "settled" else "presumed"
    for scope in scopes:
        session.change(
            f"UPDATE budgets SET reserved = reserved - ?, {into} = {into} + ? WHERE scope = ?",  # noqa: S608 - one of two names
            worst,
            bill.cost,
            scope,
        )


def _bill(charge: Charge, attempt: Attempt) -> _Bill:
    usage, ending = attempt.usage, attempt.ending
    if ending is Ending.REFUSED:
        return _Bill("settled", PicoUsd(0), ending, (0, 0, 0, 0, 0))
    if usage is None or ending is Ending.UNKNOWN:
        return _Bill("presumed", charge.worst, ending, (0, 0, 0, 0, 0))
    counts = (usage.input, usage.output, usage.cached, usage.cache_write, usage.reasoning)
    return _Bill("settled", charge.price.cost(usage), ending, counts)


def _exhausted(scope: Scope, worst: PicoUsd) -> BudgetExhausted:
    message = (
        f"the budget of {scope.title} ({format_usd(scope.limit)}) has no room for a call"
        f" of up to {format_usd(worst)}"
    )
    return BudgetExhausted(message, scope.name, "Raise the limit, or wait for the next period.")
