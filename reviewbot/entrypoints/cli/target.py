"""What is to be reviewed: a pull request on GitHub, a diff in a file, a range of a checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reviewbot.domain.errors import DiffError, UsageError

MOST_BYTES = 256 * 2**20  # of a diff; more is no diff that anyone reviews
_SHORT = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#(\d{1,9})")
_PATH = re.compile(r"/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/pull/(\d{1,9})(?:/.*)?")
# Nothing in a checkout may run: no hooks, no external diff, no text conversion, no monitor.
_GIT_DIFF = (
    "git",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=true"),
    *("-c", "diff.noprefix=false"),
    *("-c", "diff.mnemonicPrefix=false"),
    *("--no-pager", "diff", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--full-index", "--find-renames"),
    *("--submodule=short", "--end-of-options"),
)


@dataclass(frozen=True, slots=True)
class PullTarget:
    """A pull request on GitHub."""

    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class DiffTarget:
    """A diff, and the name under which its answers are known again."""

    name: str
    label: str  # for people
    raw: bytes


def read_pull(text: str, server_url: str) -> PullTarget:
    """OWNER/REPO#N, or an address on the configured server; the token goes nowhere else."""
    if match := _SHORT.fullmatch(text):
        return PullTarget(match[1], int(match[2]))
    address = urlsplit(text)
    if address.scheme in {"http", "https"} and (match := _PATH.fullmatch(address.path)):
        if address.netloc.casefold() != urlsplit(server_url).netloc.casefold():
            message = f"{address.netloc} is not the configured GitHub server {server_url}"
            raise UsageError(message, "Set GITHUB_SERVER_URL and GITHUB_API_URL for that server.")
        return PullTarget(match[1], int(match[2]))
    message = f"{text!r} names no pull request"
    raise UsageError(message, "Write OWNER/REPO#NUMBER or the pull request's address.")


def read_diff(source: str) -> DiffTarget:
    """The diff in a file, or on standard input for ``-``."""
    if source == "-":
        return _checked(
            DiffTarget("stdin", "standard input", sys.stdin.buffer.read(MOST_BYTES + 1))
        )
    path = Path(source)
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{source}: {error.strerror}"
        raise UsageError(
            message, "Name a file with a unified diff, or - for standard input."
        ) from error
    return _checked(DiffTarget(str(path.resolve()), path.name, raw))


def read_range(revisions: str) -> DiffTarget:
    """The diff of a range ``A..B`` of the checkout in the current folder."""
    if ".." not in revisions or revisions.startswith("-"):
        message = f"{revisions!r} is no range"
        raise UsageError(message, "Write A..B, or A...B for what B added since they parted.")
    raw = _git(*_GIT_DIFF, revisions, "--")
    top = _git("git", "rev-parse", "--show-toplevel").decode(errors="replace").strip()
    return _checked(DiffTarget(top, f"{Path(top).name} {revisions}", raw))


def _git(*command: str) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)  # noqa: S603 - a fixed command
    except FileNotFoundError as error:
        message = "git is not installed"
        raise UsageError(message, "Install git, or give the diff with --diff FILE.") from error
    except subprocess.TimeoutExpired as error:
        message = "git took more than two minutes"
        raise UsageError(message, "Give the diff with --diff FILE.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
        raise UsageError(lines[0], "Run it in a git checkout that has both revisions.")
    return done.stdout


def _checked(target: DiffTarget) -> DiffTarget:
    if len(target.raw) > MOST_BYTES:
        message = f"{target.label} is larger than {MOST_BYTES // 2**20} MiB"
        raise DiffError(message, "Review it in parts.")
    return target
