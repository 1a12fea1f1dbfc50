"""Time and memory of reading a large diff, beside what unidiff alone takes.

    python -m tests.benchmarks.diff_speed

The law: parse, chunks and anchor index of 100,000 lines take at most 2.5 times as long as
unidiff's parse, and memory grows with the diff, not faster.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import TYPE_CHECKING

import click
from unidiff.patch import PatchSet

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import Anchor, Unanchored
from reviewbot.domain.finding import Side
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.review.plan import Plan, plan_survey
from reviewbot.review.redact import Redaction, redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.diff import Diff

MOST_RATIO = 2.5
_WORDS = "return value if not self items for index in range def class None True import".split()  # noqa: SIM905
_RUNS = 3


def large_diff(lines: int, seed: int = 1) -> bytes:
    """A diff of about *lines* lines: files of several hunks, replaced and kept code."""
    chance = random.Random(seed)  # noqa: S311 - figures, not secrets
    parts: list[str] = []
    written = 0
    while written < lines:
        name = f"src/part{len(parts)}/module.py"
        parts.append(f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n")
        old = new = 1
        for _ in range(chance.randint(1, 8)):
            body = "".join(
                f"{sign}{'    ' * chance.randint(0, 4)}{' '.join(chance.choices(_WORDS, k=6))}\n"
                for sign in chance.choices(" +-", (4, 5, 2), k=chance.randint(8, 150))
            )
            rows = body.splitlines()
            minus = sum(row[0] != "+" for row in rows)
            plus = sum(row[0] != "-" for row in rows)
            parts.append(f"@@ -{old},{minus} +{new},{plus} @@ def call(self):\n{body}")
            old, new, written = old + minus + 20, new + plus + 20, written + len(rows)
    return "".join(parts).encode()


def _unidiff(raw: bytes) -> PatchSet:
    return PatchSet(raw.decode())


def _ours(raw: bytes) -> tuple[Plan, AnchorIndex]:
    """Parse, chunks, and the lines of every file indexed by looking one of them up."""
    diff = parse_diff(raw)
    plan = plan_survey(diff, Policy())
    index = AnchorIndex(diff)
    for file in diff.files:
        line = next(line for line in file.hunks[0].lines if line.new)
        found = index.anchor(file.path, Side.RIGHT, line.text, (line.new or 0, line.new or 0))
        assert isinstance(found, Anchor)
    return plan, index


def _worst(raw: bytes) -> AnchorIndex:
    """The same where no quote is found: both sides of every file are indexed and searched."""
    diff = parse_diff(raw)
    plan_survey(diff, Policy())
    index = AnchorIndex(diff)
    for file in diff.files:
        found = index.anchor(file.path, Side.RIGHT, "a line that is not there", (1, 1))
        assert isinstance(found, Unanchored)
    return index


def _redacted(raw: bytes) -> tuple[Redaction, Plan, AnchorIndex]:
    """All that a review does before it asks."""
    redaction = redact(parse_diff(raw))
    plan = plan_survey(redaction.diff, Policy())
    return redaction, plan, AnchorIndex(redaction.diff)


def _parsed(raw: bytes) -> Diff:
    return parse_diff(raw)


def fastest(work: Callable[[bytes], object], raw: bytes) -> float:
    """Processor seconds of the fastest of some runs."""
    times = []
    for _ in range(_RUNS):
        begin = time.process_time()
        work(raw)
        times.append(time.process_time() - begin)
    return min(times)


def peak(work: Callable[[bytes], object], raw: bytes) -> int:
    """The most bytes held at once."""
    tracemalloc.start()
    kept = work(raw)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return most


_WORKS: tuple[tuple[str, Callable[[bytes], object]], ...] = (
    ("parse", _parsed),
    ("parse, chunks, anchors", _ours),
    ("parse, chunks, anchors of quotes that are nowhere", _worst),
    ("parse, redaction, chunks", _redacted),
)


@click.command()
@click.option("--lines", default=100_000)
def main(lines: int) -> None:
    """Print the figures."""
    raw = large_diff(lines)
    rows, unit = raw.count(b"\n"), fastest(_unidiff, raw)
    click.echo(f"{rows:,} lines, {len(raw):,} bytes; unidiff alone {unit:.2f} s")
    for name, work in _WORKS:
        click.echo(f"{name}: {fastest(work, raw) / unit:.2f} x unidiff")
    for size in (lines // 10, lines // 2, lines):
        part = large_diff(size)
        rows = part.count(b"\n")
        theirs, mine = peak(_unidiff, part) / rows, peak(_ours, part) / rows
        click.echo(
            f"{rows:>9,} lines: {mine:,.0f} bytes a line at the most (unidiff {theirs:,.0f})"
        )


if __name__ == "__main__":
    main()
