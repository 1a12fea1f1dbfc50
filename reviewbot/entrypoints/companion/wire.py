"""The words of the companion: requests are read here and nowhere else, answers are written here.

Chat completions are OpenAI's, as far as reviewbot's own requests go: two messages, one answer,
no tools and no streams.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.money import TOKENS_PER_PRICE, parse_usd, plain_usd
from reviewbot.domain.session_refusal import OVER_BUDGET
from reviewbot.ledger.scopes import kind_of
from reviewbot.review.ports import Prompt
from reviewbot.review.prompt import LONGEST_OUTPUT
from reviewbot.review.schema import answer_schema
from reviewbot.runtime.companion_calls import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.domain.finding import Tier
    from reviewbot.domain.money import PicoUsd, Price, Usage
    from reviewbot.domain.outcome import Shortage
    from reviewbot.domain.scope import Kind
    from reviewbot.runtime.companion import Opened
    from reviewbot.runtime.companion_calls import NoAnswer, Told

_LARGEST_PROMPT = 192 * 1024  # bytes; one long line makes the largest that reviewbot asks
_SHOWN_PARAMETER = 60
_BODY, _COST, _MESSAGES, _MODEL = "body", "max_cost_usd", "messages", "model"


class Unreadable(Exception):
    """A request that is none of reviewbot's; *parameter* is where it goes astray."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _System(_Strict):
    role: Literal["system"]
    content: str


class _User(_Strict):
    role: Literal["user"]
    content: str


class _Schema(_Strict):
    name: Literal["review"]
    strict: Literal[True]
    definition: Annotated[dict[str, Any], Field(alias="schema")]


class _Format(_Strict):
    type: Literal["json_schema"]
    json_schema: _Schema


class _Completion(_Strict):
    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: tuple[_System, _User]
    max_tokens: Annotated[int, Field(gt=0, le=10**6)]
    response_format: _Format
    temperature: Annotated[float, Field(ge=0, le=0)] | None = None


class _SessionWish(_Strict):
    pull_request: Annotated[int, Field(gt=0, lt=2**63)]
    max_cost_usd: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a job wants of its session: the pull request, and its own bound on the cost."""

    number: int
    max_cost: PicoUsd | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A name that may be asked: a tier or one of its models, at a price of today."""

    id: str
    tier: Tier
    model: str  # who answers, as a rule
    price: Price
    is_tier: bool


def read_wish(body: bytes) -> Wish:
    """A request for a session; raises Unreadable."""
    try:
        said = _SessionWish.model_validate_json(body)
        cost = None if said.max_cost_usd is None else parse_usd(said.max_cost_usd)
    except ValidationError as error:
        raise _unreadable(error) from None
    except ValueError:
        raise Unreadable(_COST) from None
    return Wish(said.pull_request, cost)


def read_completion_request(body: bytes, offers: Mapping[str, Offer]) -> Asked:
    """A request for a chat completion; raises Unreadable. Its cap is at most ours."""
    try:
        said = _Completion.model_validate_json(body)
    except ValidationError as error:
        raise _unreadable(error) from None
    offer = offers.get(said.model)
    if offer is None:
        raise Unreadable(_MODEL)
    system, user = said.messages
    # A schema of somebody else's could teach the service to ask its endpoints without any.
    prompt = Prompt(system.content, user.content, answer_schema(offer.tier))
    if prompt.size > _LARGEST_PROMPT:
        raise Unreadable(_MESSAGES)
    return Asked(
        tier=offer.tier,
        model="" if offer.is_tier else offer.model,
        prompt=prompt,
        output_cap=min(said.max_tokens, LONGEST_OUTPUT),
    )


def _unreadable(error: ValidationError) -> Unreadable:
    where = ".".join(map(str, error.errors()[0]["loc"]))
    shown = "".join(sign for sign in where if sign.isascii() and sign.isprintable())
    return Unreadable(shown[:_SHOWN_PARAMETER] or "body")


def session_body(opened: Opened) -> dict[str, Any]:
    """A session, and what the service's configuration and the policy say for its job."""
    budget = opened.policy.budget
    return {
        "session": opened.token,
        "expires_in": opened.seconds,
        "seal": opened.seal,
        "budget": {
            "per_pr": plain_usd(budget.per_pr),
            "per_day": plain_usd(budget.per_day),
            "per_month": plain_usd(budget.per_month),
        },
        "redaction": list(opened.policy.redaction),
    }


def models_body(offers: Sequence[Offer]) -> dict[str, Any]:
    """The list of models, with their prices in USD per million tokens."""
    return {"object": "list", "data": [_model(each) for each in offers]}


def _model(offer: Offer) -> dict[str, Any]:
    price = offer.price
    prices = {
        "input": price.input,
        "output": price.output,
        "cached": price.cached,
        "cache_write": price.cache_write,
    }
    return {
        "id": offer.id,
        "object": "model",
        "created": 0,
        "owned_by": "reviewbot",
        "tier": offer.tier.value,
        "name": offer.model,
        "pricing": {name: plain_usd(each * TOKENS_PER_PRICE) for name, each in prices.items()},
    }


def completion_body(told: Told, name: str) -> dict[str, Any]:
    """A chat completion; its usage names the exact cost, and no tokens that nobody counted."""
    message = {"role": "assistant", "content": told.text}
    body: dict[str, Any] = {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": 0,
        "model": told.model,
        "choices": [{"index": 0, "message": message, "finish_reason": told.finish}],
    }
    bill = told.bill
    if bill.is_counted:
        body["usage"] = _usage(bill.usage, bill.cost)
    return body


def _usage(usage: Usage, cost: PicoUsd) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        "cost": plain_usd(cost),
    }


def no_answer_body(refused: NoAnswer, name: str) -> dict[str, Any]:
    """Why a question has no answer; where a budget had no room, with what the ledger says of it."""
    body = error_body(refused.code, refused.says, name)
    if refused.refused is not None and refused.refused.shortage is not None:
        kind = kind_of(refused.refused.scope)
        body["error"]["budget"] = _shortage(kind, refused.refused.shortage)
    return body


def _shortage(kind: Kind, shortage: Shortage) -> dict[str, str]:
    return {
        "scope": kind.value,
        "limit": plain_usd(shortage.limit),
        "spent": plain_usd(shortage.spent),
        "needed": plain_usd(shortage.needed),
        "kept": plain_usd(shortage.kept),
        "closed_by": shortage.closed_by,
    }


def error_body(code: str, says: str, name: str, parameter: str | None = None) -> dict[str, Any]:
    """An error as OpenAI words it: fixed texts, and an id to find more by in the logs."""
    kind = "insufficient_quota" if code == OVER_BUDGET else "invalid_request_error"
    message = f"{says} ({code}, id {name})"
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}
