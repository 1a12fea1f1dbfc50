"""Reads the SARIF files of other tools for the command line and the Action."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.domain.errors import UsageError
from reviewbot.review.sarif import MOST_BYTES, MOST_RESULTS, read_sarif

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.tip import ToolFinding


def read_reports(sources: Sequence[str]) -> tuple[ToolFinding, ...]:
    """What stands in all files, ``-`` is standard input; raises UsageError."""
    roots = [Path.cwd().as_posix(), os.environ.get("GITHUB_WORKSPACE", "")]
    found: list[ToolFinding] = []
    size = 0
    for source in sources:
        raw = _bytes(source)
        found += read_sarif(raw, "standard input" if source == "-" else source, roots)
        size += len(raw)
        if size > MOST_BYTES:
            _too_much(f"more than {MOST_BYTES // 2**20} MiB")
    if len(found) > MOST_RESULTS:
        _too_much(f"more than {MOST_RESULTS:,} results")
    return tuple(found)


def _too_much(how_much: str) -> None:
    message = f"the SARIF files hold {how_much} together"
    raise UsageError(message, "Leave out what is not about this change.")


def _bytes(source: str) -> bytes:
    """A file's content, and one byte of what would be too much."""
    if source == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{source}: {error.strerror}"
        raise UsageError(message, "Name a SARIF file, or - for standard input.") from error
