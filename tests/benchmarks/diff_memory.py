"""The memory of pull requests that GitHub gives file by file: linear, then level.

    python -m tests.benchmarks.diff_memory

Each size in a process of its own: reading, redaction, chunks, anchor index.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import Content, Diff, FileDiff
from reviewbot.domain.held import HeldFiles
from reviewbot.domain.patch import file_from_patch
from reviewbot.domain.policy import Policy
from reviewbot.review.plan import plan_survey
from reviewbot.review.redact import redact
from tests.benchmarks.diff_speed import large_diff

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZES = (100_000, 200_000, 400_000, 1_000_000, 2_000_000)
_PAGE = 3_000  # lines made at once, as a page of GitHub's list is read


def patches(lines: int) -> Iterator[tuple[str, str]]:
    """Names and patches, of so many lines in all."""
    made = page = 0
    while made < lines:
        page += 1
        for entry in large_diff(_PAGE, seed=page).decode().split("diff --git ")[1:]:
            name, _, patch = entry.partition("\n+++ b/")[2].partition("\n")
            made += patch.count("\n")
            yield f"page{page}/{name}", patch


def peak() -> int:
    """The most memory that this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(lines: int) -> str:
    """Read so many lines; the figures."""
    begin, held = peak(), HeldFiles()
    for name, patch in patches(lines):
        file = file_from_patch(name, None, "modified", patch, 0)
        assert isinstance(file, FileDiff)
        held.add(file)
    diff = redact(Diff(tuple(held))).diff
    kept = [plan_survey(diff, Policy()), AnchorIndex(diff)]
    most = peak()
    del kept
    there = sum(len(hunk.lines) for file in diff.files for hunk in file.hunks)
    gaps = sum(file.content is Content.OUTSIZED for file in diff.files)
    return (
        f"{lines:>9,} lines: {there:,} held, {gaps:,} of {len(diff.files):,} files too large,"
        f" {most - begin} MB beside the {begin} MB of the process"
    )


@click.command()
@click.option("--lines", default=0, help="Measure one size in this process.")
def main(lines: int) -> None:
    """Print the figures."""
    if lines:
        click.echo(measure(lines))
        return
    for size in _SIZES:
        command = [sys.executable, "-m", __spec__.name, "--lines", str(size)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
