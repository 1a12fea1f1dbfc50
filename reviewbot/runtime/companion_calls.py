"""One question of a session: through the ledger and the router, like the service's own."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, ModelError, SpendingStopped
from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.domain.scope import TITLES
from reviewbot.domain.session_refusal import OVER_BUDGET
from reviewbot.ledger.drains import drained
from reviewbot.ledger.job_sessions import RequestBill, bill_of
from reviewbot.ledger.quarantine import flagged
from reviewbot.ledger.scopes import kind_of
from reviewbot.models.rollout import Weighted
from reviewbot.review.ports import Prompt, Question
from reviewbot.review.redact import redact_text
from reviewbot.runtime.tiers import router_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.finding import Tier
    from reviewbot.ledger.job_sessions import Terms
    from reviewbot.review.ports import Answer
    from reviewbot.runtime.core import Core

_CUT_OFF = "cut-off"  # the ledger's word for an answer that was longer than allowed
_KEY_PARTS = "companion answer 1"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a session asks: a tier, or *model* of it first."""

    tier: Tier
    model: str
    prompt: Prompt
    output_cap: int


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in the companion's words; *bill* is what this request cost."""

    text: str
    finish: str
    model: str
    bill: RequestBill
    redactions: int = 0


class NoAnswer(Exception):
    """There is no answer: *code* and *says* are told, in fixed words.

    *refused* is the ledger's refusal, where that is why.
    """

    def __init__(
        self, status: int, code: str, says: str, refused: BudgetExhausted | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.says, self.refused = status, code, says, refused


class Questions:
    """Asks for sessions; the same question is asked by one at a time, and paid once."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Shadows compare answers that are read here; a session's are read by its job.
        self._model = Weighted(core.router, router_config(core.settings))
        self._lock = threading.Lock()
        self._under_way: dict[str, tuple[threading.Lock, int]] = {}

    def ask(self, terms: Terms, asked: Asked) -> Told:
        """Look up, else reserve, send, settle; raises NoAnswer or LedgerError."""
        key = _key(terms, asked)
        with self._alone(key):
            if known := self._known(key, asked.tier):
                return _told_again(known)
            return self._ask(key, terms, asked)

    def _known(self, key: str, tier: Tier) -> Answer | None:
        """What was answered before: a job that gave up waiting, or lost its cache, asks again."""
        models = self._model.models(tier)
        known = self._core.ledger.known([key], models).get(key)
        return known if known and _is_json(known.text) else None

    def _ask(self, key: str, terms: Terms, asked: Asked) -> Told:
        label = f"workflow request {secrets.token_hex(8)}"
        prompt = _redacted(asked.prompt, terms.redaction)
        question = Question(
            tier=asked.tier,
            prompt=prompt,
            keys=(key,),
            weights=(1,),
            divide=lambda text: (text,),  # the job reads it
            output_cap=asked.output_cap,
            label=label,
        )
        review_id = terms.purse.review_id
        try:
            [answer] = self._answers(question, terms, asked.model)
        except BadAnswer:
            bill = bill_of(self._core.database, review_id, label)
            finish = "length" if bill.error == _CUT_OFF else "stop"
            return Told("", finish, "", bill)
        except (BudgetExhausted, SpendingStopped, ModelError) as error:
            raise self._declined(error) from error
        bill = bill_of(self._core.database, review_id, label)
        redactions = int(prompt != asked.prompt)
        return Told(answer.text, "stop", answer.model, bill, redactions)

    def _answers(self, question: Question, terms: Terms, model: str) -> list[Answer]:
        if model:
            return list(self._core.router.ask(question, terms.purse, model))
        return list(self._model.ask(question, terms.purse))

    def _declined(self, error: BudgetExhausted | SpendingStopped | ModelError) -> NoAnswer:
        match error:
            case BudgetExhausted(scope=scope):
                says = f"the budget of {TITLES[kind_of(scope)]} has no room"
                return NoAnswer(402, OVER_BUDGET, says, error)
            case SpendingStopped():
                return NoAnswer(403, "spending-stopped", "all spending is stopped there")
            case _ if flagged(self._core.database):
                says = "no model gave an answer, and one of its endpoints is under quarantine"
                return NoAnswer(424, "endpoint-quarantined", says)
            case _ if drained(self._core.database):
                says = "no model gave an answer, and one of its endpoints is out of service"
                return NoAnswer(424, "endpoint-drained", says)
            case _:
                return NoAnswer(424, "no-answer", "no model behind it gave an answer")

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        with self._lock:
            turn, waiting = self._under_way.get(key, (threading.Lock(), 0))
            self._under_way[key] = turn, waiting + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, waiting = self._under_way.pop(key)
                if waiting > 1:
                    self._under_way[key] = turn, waiting - 1


def _redacted(prompt: Prompt, patterns: Sequence[str]) -> Prompt:
    """Either message may hold secrets: what a session writes where is the job's affair."""
    system, user = (redact_text(text, patterns) for text in (prompt.system, prompt.user))
    return replace(prompt, system=system, user=user)


def _is_json(text: str) -> bool:
    """What was garbled is asked again; whoever asked first has found it useless."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _key(terms: Terms, asked: Asked) -> str:
    """An answer's name: by pull request, as nobody may learn from another's answers."""
    prompt = asked.prompt
    parts = (
        _KEY_PARTS,
        str(terms.purse.pull),
        asked.tier.value,
        asked.model,
        str(asked.output_cap),
        prompt.schema,
        prompt.system,
        prompt.user,
        *terms.redaction,
    )
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def _told_again(answer: Answer) -> Told:
    bill = RequestBill(Usage(answer.tokens, 0), PicoUsd(0), is_counted=True, error="")
    return Told(answer.text, "stop", answer.model, bill)
