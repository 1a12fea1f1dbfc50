"""Reads a JSON object out of an answer as endpoints give it: bare, in a fence, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable


def unfenced(answer: str) -> str:
    """An answer without the code fence around it."""
    bare = answer.strip()
    if bare.startswith("```") and bare.endswith("```"):
        return bare.strip("`").removeprefix("json").strip()
    return bare


def json_object(answer: str) -> dict[str, Any] | None:
    """The object that an answer is; None where it is none."""
    try:
        loaded = json.loads(unfenced(answer), strict=False)
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def not_as_asked() -> BadAnswer:
    """What to raise where an answer is not what its schema says."""
    return BadAnswer(Phrase("the answer is not the JSON that was asked for"))


def undivided(read: Callable[[str], object]) -> Callable[[str], tuple[str, ...]]:
    """How to divide an answer about one thing: not at all; *read* raises where it is of no use."""

    def divide(text: str) -> tuple[str, ...]:
        read(text)
        return (text,)

    return divide
