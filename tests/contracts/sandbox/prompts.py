"""Prompts as the review writes them, from diffs, for the scripted models."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_NEW = re.compile(r"\+\+\+ b/(.*)")


def fenced(path: str, rows: Sequence[str], claims: Sequence[dict[str, Any]] = ()) -> str:
    """One chunk of *rows*, and what is claimed of it."""
    fence = hashlib.sha256("\n".join((path, *rows)).encode()).hexdigest()[:12]
    lines = [f"<<<CHUNK {fence}", f"File: {path}", *rows, f">>>CHUNK {fence}"]
    if claims:
        said = [json.dumps(claim) for claim in claims]
        lines += [f"<<<CLAIMS {fence}", *said, f">>>CLAIMS {fence}"]
    return "\n".join(lines)


def added(path: str, *code: str, first: int = 1) -> str:
    """A chunk of one new hunk."""
    return fenced(path, ["@@", *(f"{first + i} + {line}".rstrip() for i, line in enumerate(code))])


def rows_by_path(diff: str) -> dict[str, list[str]]:
    """What a prompt shows of a git diff, file by file."""
    shown: dict[str, list[str]] = {}
    for file in re.split(r"(?m)^diff --git ", diff)[1:]:
        if (name := _NEW.search(file)) is not None:
            shown[name.group(1)] = list(_rows(file.split("\n")))
    return shown


def _rows(lines: Sequence[str]) -> Iterator[str]:
    old = new = 0
    for line in lines:
        if match := _HUNK.fullmatch(line):
            old, new = int(match.group(1)), int(match.group(2))
            yield f"@@ {match.group(3)}".rstrip()
        elif new and line[:1] in {" ", "+", "-"}:
            number = old if line[0] == "-" else new
            yield f"{number} {line[0]} {line[1:]}".rstrip()
            old += line[0] != "+"
            new += line[0] != "-"
