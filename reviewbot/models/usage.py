"""Reads what an endpoint says it counted; what cannot be true is no usage."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from reviewbot.domain.money import PICO_PER_USD, PicoUsd, Usage

_MOST = 10**9  # tokens; beyond it a number is a mistake or an attack
_MOST_USD = 10**6  # of one call; the same


def read_usage(raw: object) -> Usage | None:
    """The tokens of a call, or None where they are missing or cannot be true.

    None is not free: an attempt without usage is presumed to have cost its worst case.
    """
    if not isinstance(raw, Mapping):
        return None
    prompt = _details(raw, "prompt_tokens_details")
    completion = _details(raw, "completion_tokens_details")
    try:
        usage = Usage(
            input=_count(raw["prompt_tokens"]),
            output=_count(raw["completion_tokens"]),
            cached=_first(
                prompt.get("cached_tokens"),
                raw.get("prompt_cache_hit_tokens"),  # DeepSeek
                raw.get("cached_tokens"),  # Kimi
            ),
            cache_write=_first(prompt.get("cache_write_tokens"), raw.get("cache_write_tokens")),
            reasoning=_first(completion.get("reasoning_tokens")),
        )
    except (KeyError, ValueError):
        return None
    fits = usage.cached + usage.cache_write <= usage.input and usage.reasoning <= usage.output
    return usage if fits and usage.input > 0 else None


def read_cost(raw: object) -> PicoUsd | None:
    """What the endpoint says that it billed, in USD; None where it is silent or not to be believed.

    OpenRouter says it as a number, a companion exactly, in a text. With a key of one's own for
    the upstream vendor, that vendor bills the rest by itself.
    """
    if not isinstance(raw, Mapping):
        return None
    cost = _usd(raw.get("cost"))
    if cost is not None and raw.get("is_byok") is True:
        cost += _usd(_details(raw, "cost_details").get("upstream_inference_cost")) or 0
    return None if cost is None else PicoUsd(int(cost.to_integral_value(ROUND_CEILING)))


def _usd(value: object) -> Decimal | None:
    """An amount in 10**-12 USD; JSON's numbers are read by their shortest text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        return None
    return usd * PICO_PER_USD if usd.is_finite() and 0 <= usd <= _MOST_USD else None


def _details(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def _first(*values: object) -> int:
    """The first count that was given; vendors that count nothing send null."""
    return next((_count(value) for value in values if value is not None), 0)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        message = "no count of tokens"
        raise ValueError(message)
    return value
