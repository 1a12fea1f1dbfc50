"""What goes wrong between reviewbot and a model endpoint, told apart by what to do about it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import ModelError
from reviewbot.domain.phrase import Phrase
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from reviewbot.domain.errors import BudgetExhausted

HUNG = "timeout"  # the error of an attempt whose deadline passed
UNREACHED = "connect-timeout"  # that of one that nobody let in
OVERTAKEN = "overtaken"  # that of one whose later rival answered first
NOT_NEEDED = "not-needed"  # that of a rival whose elder answered after all
LONGEST_FOREIGN_TEXT = 200
_LONGEST_DELAY = 86_400.0  # seconds
_SECONDS = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?")


class Kind(Enum):
    """What an attempt's failure asks for."""

    OUT_OF_MONEY = "out of money"  # never asked again; another route may be
    THROTTLED = "throttled"  # wait, or another route
    OVERLOADED = "overloaded"  # another route, or again later
    REFUSED = "refused"  # never again the same way
    UNKNOWN_END = "unknown end"  # sent, and nobody knows what it cost; may be asked again
    GARBLED = "garbled"  # an answer, but not one to this question
    CUT_OFF = "cut off"  # the answer was longer than allowed: the same request ends so again
    OVERTAKEN = "overtaken"  # given up, because another route has answered
    OVER_BUDGET = "over budget"  # a companion's ledger has no room
    DRAINED = "drained"  # an administrator took the endpoint out of service
    UNFIT = "unfit"  # a parameter that the endpoint does not take: ask without it


class Fault(ModelError):
    """One attempt's failure, and what it means for the bill; never leaves this package.

    *exhausted* is what the asker hears where a companion's ledger refused the call.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        attempt: Attempt,
        retry_after: float | None = None,
        exhausted: BudgetExhausted | None = None,
    ) -> None:
        super().__init__(message)
        self.args = (kind, message, attempt, retry_after, exhausted)
        self.kind, self.attempt, self.retry_after = kind, attempt, retry_after
        self.exhausted = exhausted

    def billed(self, attempt: Attempt) -> Fault:
        """The same failure with another bill."""
        return Fault(self.kind, self.message, attempt, self.retry_after, self.exhausted)

    def after(self, latency_ms: int, first_token_ms: int = 0) -> Fault:
        """The same failure, with the time that it took."""
        attempt = replace(self.attempt, latency_ms=latency_ms, first_token_ms=first_token_ms)
        return self.billed(attempt)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status other than 200, or an error in a body with 200; all foreign, so far."""

    status: int
    code: str = ""  # error.code and error.type, in lower case
    message: str = ""
    parameter: str = ""
    retry_after: float | None = None
    budget: object = None  # error.budget, which a companion tells figures in

    @classmethod
    def read(
        cls, status: int, headers: Mapping[str, str], body: object, now: datetime | None = None
    ) -> Refusal:
        """Find the vendor's words wherever it put them; *now* is what dates count from."""
        error = _error_in(body)
        words = (error.get(name) for name in ("code", "type", "status"))
        found = [str(word).lower() for word in words if isinstance(word, (str, int))]
        parameter = error.get("param") or _location(body)
        page = isinstance(body, str) and body.lstrip()[:1] == "<"
        return cls(
            status,
            " ".join(found),
            "" if page else _message(error, body),
            parameter.lower() if isinstance(parameter, str) else "",
            read_delay(headers, now),
            error.get("budget"),
        )


_MONEY_CODES = (
    "insufficient_quota",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_user_quota",
    "credit_balance",
    "spend_limit",
    "billing_hard_limit",
    "billing_not_active",
    "arrearage",
)
_MONEY_WORDS = re.compile(
    r"insufficient (?:balance|credit|fund|quota)|exceeded your current quota|arrears|recharge"
    r"|credit balance is too low|余额不足",
    re.IGNORECASE,
)
_MONEY_NUMBER = re.compile(r"\b1113\b")  # Z.ai: the account is in arrears
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|context length|too many tokens"
    r"|input (?:is )?too long|prompt is too long|range of input length",
    re.IGNORECASE,
)
_UNBILLED = frozenset({500, 503, 529})  # overload pages; gateways' time-outs may hide a bill


def classify(refusal: Refusal, endpoint: str, upstream: str) -> Fault:
    """What a refusal means; the text for people says what to do."""
    status = refusal.status
    code = f"http-{status}"
    refused = Attempt(Ending.REFUSED, error=code)
    said = f": {tidy(refusal.message)}" if refusal.message else ""
    if _is_money(refusal):
        message = Phrase(
            "the account at {endpoint} is out of money or over its spending limit ({code})",
            endpoint=endpoint,
            code=code,
        )
        return Fault(Kind.OUT_OF_MONEY, message, Attempt(Ending.REFUSED, error="out-of-money"))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        message = Phrase("{endpoint} asks to wait ({code})", endpoint=endpoint, code=code)
        return Fault(Kind.THROTTLED, message, refused, refusal.retry_after)
    if _is_passing(status):
        billed = Ending.REFUSED if status in _UNBILLED or status in {409, 425} else Ending.UNKNOWN
        message = Phrase("{endpoint} could not answer ({code})", endpoint=endpoint, code=code)
        return Fault(Kind.OVERLOADED, message, Attempt(billed, error=code), refusal.retry_after)
    return Fault(Kind.REFUSED, _refused_text(refusal, endpoint, upstream, said), refused)


def _is_passing(status: int) -> bool:
    """Whether another try may end better."""
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return False
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {408, 409, 425}


def is_too_long(refusal: Refusal) -> bool:
    """Whether the request was larger than the model can read."""
    named = _TOO_LONG.search(f"{refusal.code} {refusal.message}") is not None
    return named or refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _is_money(refusal: Refusal) -> bool:
    if refusal.status == HTTPStatus.PAYMENT_REQUIRED:
        return True
    if refusal.status not in {400, 403, 429}:
        return False
    coded = any(word in refusal.code for word in _MONEY_CODES)
    return coded or bool(_MONEY_NUMBER.search(refusal.code) or _MONEY_WORDS.search(refusal.message))


def _refused_text(refusal: Refusal, endpoint: str, upstream: str, said: str) -> str:
    """Where the key may be echoed, the vendor's own words are left out."""
    status = refusal.status
    if status == HTTPStatus.UNAUTHORIZED:
        return Phrase("{endpoint} does not accept the API key (http-401)", endpoint=endpoint)
    if status == HTTPStatus.FORBIDDEN:
        return Phrase(
            "{endpoint} does not let this API key use {model} (http-403)",
            endpoint=endpoint,
            model=upstream,
        )
    if is_too_long(refusal):
        return Phrase(
            "the request is too long for {model} at {endpoint} (http-{status})",
            model=upstream,
            endpoint=endpoint,
            status=status,
        )
    if status == HTTPStatus.NOT_FOUND:
        return Phrase(
            "{endpoint} knows no model {model}, or its base_url is wrong (http-404)",
            endpoint=endpoint,
            model=upstream,
        )
    if status in range(300, 400):
        return Phrase(
            "{endpoint} redirects elsewhere, which is not followed (http-{status})",
            endpoint=endpoint,
            status=status,
        )
    return Phrase(
        "{endpoint} refused the request for {model} (http-{status}){said}",
        endpoint=endpoint,
        model=upstream,
        status=status,
        said=said,
    )


def read_delay(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """``Retry-After`` in seconds, be it a number or a date after *now*; None for all else."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if _SECONDS.fullmatch(text):
            return min(float(text) * scale, _LONGEST_DELAY)
    if now is None or (until := _date(headers.get("retry-after", ""))) is None or until <= now:
        return None
    return min((until - now).total_seconds(), _LONGEST_DELAY)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|key|tok|ghp|ghs|AKIA)[-_][\w*.\-]{6,}|Bearer\s+\S+", re.ASCII
)


def tidy(text: str) -> str:
    """Foreign text for people: one line, no controls or escapes, nothing like a key, short."""
    shown = "".join(" " if _is_control(letter) else letter for letter in text[:2_000])
    return " ".join(_KEY_LIKE.sub("[key]", shown).split())[:LONGEST_FOREIGN_TEXT]


def _is_control(letter: str) -> bool:
    """Controls, formats (bidirectional ones too), surrogates, unknown letters, separators."""
    return unicodedata.category(letter)[0] == "C" or unicodedata.category(letter) in {"Zl", "Zp"}


def _error_in(body: object) -> Mapping[str, Any]:
    if isinstance(body, list) and body:  # as Google's endpoint wraps it
        body = body[0]
    if not isinstance(body, Mapping):
        return {}
    error = body.get("error", body)
    return error if isinstance(error, Mapping) else {"message": error}


def _message(error: Mapping[str, Any], body: object) -> str:
    for value in (error.get("message"), error.get("msg"), error.get("detail")):
        if isinstance(value, str) and value:
            return value
        if value:
            return json.dumps(value, ensure_ascii=False, default=str)[:2_000]
    return body[:2_000] if isinstance(body, str) else ""


def _location(body: object) -> str:
    """The parameter that a FastAPI server names: ``{"detail": [{"loc": ["body", "x"]}]}``."""
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if not isinstance(detail, list) or not detail or not isinstance(detail[0], Mapping):
        return ""
    where = detail[0].get("loc")
    return ".".join(map(str, where)) if isinstance(where, list) else ""
