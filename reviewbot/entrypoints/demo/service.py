"""Runs ``reviewbot serve`` as a child process, as a server's own supervisor would."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from reviewbot.domain.errors import ReviewbotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_START_SECONDS = 120.0  # a busy machine may take long
_STOP_SECONDS = 60.0


class NotStarted(ReviewbotError):
    """The service did not come up."""


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that listens at *url*."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def running_service(environ: Mapping[str, str], log: Path) -> Iterator[RunningService]:
    """A service on a free port, stopped at the end; what it logs goes to the file *log*."""
    command = [sys.executable, "-m", "reviewbot", "serve", "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603 - this program itself
            command, env=dict(environ), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield RunningService(_address(process, log), process)
        finally:
            _end(process)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """What the service says of itself on its first line."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = _first_line(process.stdout)
    _, listens, url = line.strip().partition("listens on ")
    if not listens:
        said = log.read_text(errors="replace").strip().splitlines()[:3]
        message = f"the service did not start: {' '.join(said) or 'it said nothing'}"
        raise NotStarted(message)
    return url


def _first_line(stdout: IO[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        return lines.get(timeout=_START_SECONDS)
    except queue.Empty:
        return ""


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
