"""Reads what an endpoint says it counted; what cannot be true is no usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewbot.domain.money import Usage, parse_usd

if TYPE_CHECKING:
    from reviewbot.domain.money import PicoUsd

_MOST = 10**9  # tokens; beyond it a number is a mistake or an attack


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
            cached=_first(prompt.get("cached_tokens"), raw.get("prompt_cache_hit_tokens")),
            cache_write=_first(prompt.get("cache_write_tokens"), raw.get("cache_write_tokens")),
            reasoning=_first(completion.get("reasoning_tokens")),
        )
    except (KeyError, ValueError):
        return None
    fits = usage.cached + usage.cache_write <= usage.input and usage.reasoning <= usage.output
    return usage if fits and usage.input > 0 else None


def read_cost(raw: object) -> PicoUsd | None:
    """What a call cost in USD, as a companion says it exactly."""
    said = raw.get("cost") if isinstance(raw, Mapping) else None
    try:
        return parse_usd(said) if isinstance(said, str) else None
    except ValueError:
        return None


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
