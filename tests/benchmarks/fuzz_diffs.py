"""Mutated real diffs through everything that happens before a question.

    python -m tests.benchmarks.fuzz_diffs --rounds 5000 REPO.git…

The directories are those of ``tests.benchmarks.corpus``. The law: nothing but DiffError is
raised, every entry is a file or a gap, and the time is bounded by the size.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.errors import DiffError
from reviewbot.domain.finding import Side
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.review.plan import plan_survey
from reviewbot.review.redact import redact
from tests.benchmarks.mutate import mutated
from tests.benchmarks.pulls import pulls_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 300_000  # bytes of a diff that is mutated
_PER_REPOSITORY = 40


def digest(raw: bytes) -> str:
    """Take *raw* through every step; *refused*, *whole* or *gaps*. Raises where a law breaks."""
    try:
        diff = parse_diff(raw)
    except DiffError:
        return "refused"
    begun = sum(line.startswith(b"diff --git ") for line in raw.split(b"\n"))
    inside = sum(
        line.text.startswith("diff --git ") and line.sign == " "
        for file in diff.files
        for hunk in file.hunks
        for line in hunk.lines
    )
    clean = redact(diff).diff
    plan = plan_survey(clean, Policy())
    segments = [piece.segment for chunk in plan.chunks for piece in chunk.pieces]
    segments += [entry.segment for entry in plan.excluded]
    assert len(diff.files) + len(diff.unreadable) + inside >= begun
    assert sum(segment.added for segment in segments) == sum(file.added for file in diff.files)
    index = AnchorIndex(clean)
    for file in clean.files[:3]:
        index.anchor(file.path, Side.RIGHT, "}\n  return x\n" * 30, (1, 1))
    return "gaps" if diff.unreadable else "whole"


@click.command()
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rounds", default=5_000)
@click.option("--seed", default=1)
def main(directories: Sequence[Path], rounds: int, seed: int) -> None:
    """Mutate, read, count."""
    chance = random.Random(seed)  # noqa: S311 - reproducible
    diffs = [
        raw
        for directory in directories
        for pull in pulls_of(directory, _PER_REPOSITORY)
        if (raw := pull.diff()) and len(raw) <= _LARGEST
    ]
    counts, slowest, size = Counter[str](), 0.0, 0
    for _ in range(rounds):
        raw = mutated(chance.choice(diffs), chance)
        begin = time.process_time()
        counts[digest(raw)] += 1
        spent = time.process_time() - begin
        size += len(raw)
        slowest = max(slowest, spent / max(1_000, len(raw)))
    told = ", ".join(f"{count:,} {what}" for what, count in counts.most_common())
    click.echo(f"{rounds:,} mutations of {len(diffs):,} diffs, {size:,} bytes: {told}")
    click.echo(f"slowest: {slowest * 1e6:.1f} s a megabyte")


if __name__ == "__main__":
    main()
