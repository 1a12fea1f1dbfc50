"""Foreign text in a request: between two marks that it cannot guess, and so cannot end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def fenced(kind: str, fence: str, lines: Iterable[str]) -> str:
    """*lines* as data of one *kind*; *fence* is derived from the hash of what is asked."""
    return "\n".join([f"<<<{kind} {fence}", *lines, f">>>{kind} {fence}"])


def json_line(value: Mapping[str, object]) -> str:
    """*value* as JSON on one line."""
    return unbroken(json.dumps(value, ensure_ascii=False))


def unbroken(text: str) -> str:
    """*text* on one line: what some readers take for a line's end must not begin a new one."""
    return " ".join(text.splitlines())
