"""Reads a JSON object out of an answer as endpoints give it: bare, in a fence, or not at all."""

from __future__ import annotations

import json
from typing import Any


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
