"""Standard output and error as people and pipes expect them."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import ReadableBuffer

_STDOUT = 1  # its file descriptor


class _Output(io.FileIO):
    """Standard output whose reader may leave early, as ``head`` does: that is no error.

    The command still ends with the exit code that it would have had.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def forgive_closed_pipes() -> None:
    """Let standard output drop what nobody reads, and escape what its encoding cannot show."""
    shown = sys.stdout
    if shown is None:  # closed from the start, as by `>&-`
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
        return
    raw = _Output(_STDOUT, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=shown.encoding,
        errors="backslashreplace",
        line_buffering=raw.isatty(),
    )


def colours(environ: Mapping[str, str]) -> bool | None:
    """False where https://no-color.org or the terminal forbids them; None lets the stream say."""
    return False if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" else None
