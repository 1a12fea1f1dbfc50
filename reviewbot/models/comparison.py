"""Compares what two models found in the same code; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEAR = 2  # lines between two findings that may mean the same


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of findings; *answered* is False where the shadow gave no answer."""

    shadow: str
    answered: bool
    both: int = 0
    only_main: int = 0
    only_shadow: int = 0


def compare(shadow: str, main: Sequence[str], theirs: Sequence[str]) -> Comparison:
    """Match the findings of stored answers, one text a chunk, each at most once."""
    if not theirs:
        return Comparison(shadow, answered=False)
    both = only_main = only_shadow = 0
    for ours, others in zip(main, theirs, strict=True):
        left = _findings(others)
        for finding in _findings(ours):
            twin = next((each for each in left if _same(finding, each)), None)
            if twin is None:
                only_main += 1
            else:
                left.remove(twin)
                both += 1
        only_shadow += len(left)
    return Comparison(
        shadow, answered=True, both=both, only_main=only_main, only_shadow=only_shadow
    )


def _findings(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["findings"]
    return found


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both speak of the same place; models name the same fault differently."""
    apart = max(one["start_line"], other["start_line"]) - min(one["end_line"], other["end_line"])
    return bool(one["side"] == other["side"] and apart <= _NEAR)
