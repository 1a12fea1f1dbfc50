"""What is to be reviewed: a pull request on GitHub, a diff in a file, a range of a checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.domain.errors import DiffError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_GIT_SECONDS = 120
MOST_BYTES = 256 * 2**20  # of a diff; more is no diff that anyone reviews
_SHORT = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#(\d{1,9})")
_PATH = re.compile(r"/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/pull/(\d{1,9})(?:/.*)?")
# Nothing in a checkout may run or bend the diff: no external diff, no text conversion, no
# monitor, no fetching of missing objects, no replaced objects, no settings of its own.
_GIT = ("git", "--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false")
_GIT_DIFF = (
    *("-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=true"),
    *("-c", "diff.suppressBlankEmpty=false", "-c", "diff.orderFile=/dev/null"),
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--full-index", "--find-renames", "--unified=3"),
    *("--inter-hunk-context=0", "--diff-algorithm=default", "--ignore-submodules=none"),
    *("--submodule=short", "--end-of-options"),
)
_NO_FETCHING = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_ATTR_NOSYSTEM": "1"}


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
    if ".." not in revisions:
        message = f"{revisions!r} is no range"
        raise UsageError(message, "Write A..B, or A...B for what B added since they parted.")
    top = _git(*_GIT, "rev-parse", "--show-toplevel").decode(errors="replace").rstrip("\n")
    folder = _git(*_GIT, "rev-parse", "--absolute-git-dir").rstrip(b"\n")
    # Attributes of the checked out commit could declare code to be binary, and so hide it:
    # an empty work tree and an empty index have none.
    with tempfile.TemporaryDirectory(prefix="reviewbot-range-") as nothing:
        places = ("--git-dir", os.fsdecode(folder), "--work-tree", nothing)
        index = {"GIT_INDEX_FILE": str(Path(nothing, "index"))}
        raw = _git(*_GIT, *places, *_GIT_DIFF, revisions, "--", environ=index, folder=nothing)
    return _checked(DiffTarget(top, f"{Path(top).name} {revisions}", raw))


def _git(*command: str, environ: Mapping[str, str] | None = None, folder: str = ".") -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command,
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
            cwd=folder,
            env={**os.environ, **_NO_FETCHING, **(environ or {})},
        )
    except FileNotFoundError as error:
        message = "git is not installed"
        raise UsageError(message, "Install git, or give the diff with --diff FILE.") from error
    except subprocess.TimeoutExpired as error:
        message = f"git took more than {_GIT_SECONDS} seconds"
        raise UsageError(message, "Give the diff with --diff FILE.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
        advice = "Run it in a git checkout that has both revisions."
        raise UsageError(lines[0].removeprefix("fatal: "), advice)
    return done.stdout


def _checked(target: DiffTarget) -> DiffTarget:
    if len(target.raw) > MOST_BYTES:
        message = f"{target.label} is larger than {MOST_BYTES // 2**20} MiB"
        raise DiffError(message, "Review it in parts.")
    return target
