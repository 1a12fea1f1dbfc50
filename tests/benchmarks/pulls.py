"""Real pull requests out of git directories that hold GitHub's ``refs/pull/N/head``."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pull:
    """What one pull request of *directory* compares."""

    directory: Path
    number: int
    base: str
    head: str

    def diff(self) -> bytes | None:
        """The diff as GitHub renders it; None where the directory lacks an object."""
        return git(self.directory, "diff", *_OPTIONS, self.base, self.head)

    def counts(self) -> tuple[int, int, int]:
        """What git itself counts: entries, added and deleted lines."""
        listed = git(self.directory, "diff", *_OPTIONS, "--numstat", self.base, self.head) or b""
        rows = [row.split(b"\t") for row in listed.splitlines()]
        added, deleted = ([int(row[at]) for row in rows if row[at] != b"-"] for at in (0, 1))
        return len(rows), sum(added), sum(deleted)


_OPTIONS = ("--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")


def git(directory: Path, *arguments: str) -> bytes | None:
    """What git answers; None where it fails."""
    command = ["git", "-C", str(directory), "-c", "core.fsmonitor=false", *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    return None if done.returncode else done.stdout


def pulls_of(directory: Path, most: int) -> Iterator[Pull]:
    """The newest pull requests that change something, at most *most*."""
    listed = git(directory, "for-each-ref", "--format=%(objectname) %(refname)", "refs/pull")
    heads: dict[int, str] = {}
    for row in (listed or b"").decode().splitlines():
        head, _, name = row.partition(" ")
        if name.endswith("/head"):
            heads[int(name.split("/")[2])] = head
    merged = _merged(directory)
    found = 0
    for number, head in sorted(heads.items(), reverse=True):
        base = git(directory, "merge-base", merged.get(head, "HEAD"), head)
        if base and (fork := base.decode().strip()) != head:
            yield Pull(directory, number, fork, head)
            found += 1
        if found == most:
            return


def _merged(directory: Path) -> dict[str, str]:
    """The default branch's commit before each head that was merged into it."""
    parents = git(directory, "log", "--first-parent", "--merges", "--format=%P", "HEAD")
    rows = [row.split() for row in (parents or b"").decode().splitlines()]
    return {row[1]: row[0] for row in rows}
