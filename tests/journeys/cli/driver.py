"""A person at a shell: real ``reviewbot`` processes, whose environment is built from scratch."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
TOKEN = "ghs_5Jf0xVq1opensNothing"
API_KEY = "sk-live-7Yc2opensNothing"
PASSWORD = "hunter2-opens-nothing"
NOWHERE = "http://127.0.0.1:9"  # the discard port, where nobody listens
CHEAP_PRICE, STRONG_PRICE = "0.18/0.25", "2.50/10.00"
_PATIENCE = 300.0  # seconds; only a failing test waits so long


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Standard output, which must be one JSON value."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in *folder* with *environ* and no other variable."""

    folder: Path
    environ: Mapping[str, str]
    secrets: tuple[str, ...] = field(default=(TOKEN, API_KEY), repr=False)

    def having(self, changes: Mapping[str, str | None]) -> Shell:
        """A shell with other variables; one that is None is not set."""
        return replace(self, environ=self.with_variables(changes))

    def run(self, *arguments: str, stdin: bytes = b"", **environ: str | None) -> Ended:
        """Run ``reviewbot`` to its end; a variable that is None is not set."""
        with self.started(*arguments, environ=environ, stdin=subprocess.PIPE) as process:
            out, err = process.communicate(stdin, timeout=_PATIENCE)
        return self.seen(process.returncode, out, err)

    def seen(self, code: int, out: bytes, err: bytes) -> Ended:
        """What a person saw, which never holds a secret or a traceback."""
        ended = Ended(code, out.decode(), err.decode())
        for text in (ended.out, ended.err):
            assert "Traceback" not in text, text
            assert not [secret for secret in self.secrets if secret in text]
        return ended

    @contextlib.contextmanager
    def started(
        self,
        *arguments: str,
        environ: Mapping[str, str | None] = MappingProxyType({}),
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A ``reviewbot`` that runs, and is killed if the test leaves it running."""
        with subprocess.Popen(
            [sys.executable, "-m", "reviewbot", *arguments],
            cwd=self.folder,
            env=self.with_variables(environ),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def with_variables(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """The environment with *changes*."""
        merged = {**self.environ, **changes}
        return {name: value for name, value in merged.items() if value is not None}

    def on_terminal(self, *arguments: str, **environ: str | None) -> bytes:
        """Standard output of a command that writes it to a terminal."""
        leader, follower = pty.openpty()
        try:
            with self.started(
                *arguments, environ=environ, stdout=follower, stderr=subprocess.DEVNULL
            ) as process:
                os.close(follower)
                shown = _until_closed(leader)
                process.wait(_PATIENCE)
        finally:
            os.close(leader)
        return shown

    def write(self, name: str, content: str | bytes) -> str:
        """A file in the folder; its name."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name


def basics(folder: Path) -> dict[str, str]:
    """What any shell has, all below *folder*; nothing of the machine's own settings."""
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def github_variables(url: str) -> dict[str, str]:
    """A token, and the server that it is for."""
    return {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": url, "GITHUB_SERVER_URL": url}


def model_variables(base_url: str) -> dict[str, str]:
    """The start without a file: one endpoint, a cheap and a strong model."""
    return {
        "REVIEWBOT_API_KEY": API_KEY,
        "REVIEWBOT_BASE_URL": base_url,
        "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
        "REVIEWBOT_STRONG_MODEL": STRONG_MODEL,
        "REVIEWBOT_CHEAP_PRICE": CHEAP_PRICE,
        "REVIEWBOT_STRONG_PRICE": STRONG_PRICE,
    }


def wait_for(condition: Callable[[], T], seconds: float = _PATIENCE) -> T:
    """The first true value of *condition*."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    message = f"nothing in {seconds} seconds"
    raise AssertionError(message)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """What Ctrl-C does to everything that runs in the terminal's foreground."""
    os.killpg(process.pid, signal.SIGINT)


def _until_closed(terminal: int) -> bytes:
    parts: list[bytes] = []
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
        while part := os.read(terminal, 65_536):
            parts.append(part)
    return b"".join(parts)
