"""What becomes of real pull requests, up to the first question and back to the lines.

    python -m tests.benchmarks.corpus --most 200 REPO.git…

Each directory holds GitHub's refs/pull/N/head:

    git fetch origin 'refs/pull/*/head:refs/pull/*/head'

Nothing is checked out, kept or sent. Tokens are those of GPT-4o where the package bpe-openai,
which brings its vocabulary along, is installed; otherwise bytes divided by 3.3.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.finding import Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.plan import BYTES_PER_TOKEN, pack, plan_survey
from reviewbot.review.prompt import brief, question, tasks
from reviewbot.review.redact import redact
from tests.benchmarks.hostile import MODELS, quoted_badly, unfaithful
from tests.benchmarks.pulls import Pull, pulls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.review.plan import Plan
    from reviewbot.review.ports import Prompt

MOST_RATIO, MOST_FIXED = 1.35, 1_500  # the law for the prompt tokens of the first look
_ENCODED = 100_000  # characters at once; the tokenizer refuses very long texts


@dataclass(slots=True)
class Tally:
    """What was counted so far."""

    counts: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    anchors: Counter[tuple[str, str]] = field(default_factory=Counter)
    over: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count the seconds inside to *step*."""
        begin = time.perf_counter()
        yield
        self.seconds[step] += time.perf_counter() - begin  # type: ignore[assignment] # a float


def tokenizer() -> tuple[str, Callable[[str], int]]:
    """The best counter of tokens that is installed, and its name."""
    try:
        encoding: Any = import_module("bpe_openai").get_encoding("o200k_base")
    except ImportError:
        return "bytes / 3.3", lambda text: int(len(text.encode()) / BYTES_PER_TOKEN)

    def count(text: str) -> int:
        parts = (text[at : at + _ENCODED] for at in range(0, len(text), _ENCODED))
        return sum(len(encoding.encode_ordinary(part)) for part in parts)

    return "o200k_base", count


def look(pull: Pull, tally: Tally, count: Callable[[str], int]) -> None:
    """Take one pull request through every step."""
    raw = pull.diff()
    if raw is None:
        tally.counts["not diffed (objects missing)"] += 1
        return
    name = f"{pull.directory.parent.name}#{pull.number}"
    with tally.timed("parse"):
        diff = parse_diff(raw, sys.maxsize)  # every line, whatever memory that takes
    with tally.timed("redact"):
        clean = redact(diff)
    with tally.timed("plan"):
        plan = plan_survey(clean.diff, Policy())
    _count(diff, plan, tally)
    tally.counts["secrets"] += clean.count
    _tokens(name, plan, tally, count)
    _compare(name, pull, diff, tally)
    tally.trouble += [f"{name}: read differently: {path}" for path in unfaithful(diff, raw)]
    with tally.timed("anchors"):
        index = AnchorIndex(clean.diff)
        verdicts = quoted_badly(clean.diff, raw, index, pull.number)
    tally.anchors += verdicts
    bad = {key for key in verdicts if key[1] in {"refused", "wrong"}}
    tally.trouble += [f"{name}: {model} {verdict}" for model, verdict in bad]


def _count(diff: Diff, plan: Plan, tally: Tally) -> None:
    lines = [line for file in diff.files for hunk in file.hunks for line in hunk.lines]
    tally.counts += Counter(
        {
            "pull requests": 1,
            "files": len(diff.files),
            "lines": len(lines),
            "added lines": sum(line.sign == "+" for line in lines),
            "chunks": len(plan.chunks),
            "segments": sum(len(c.pieces) for c in plan.chunks) + len(plan.excluded),
        }
    )
    for entry in plan.excluded:
        kind = tally.gaps if entry.coverage is Coverage.FAILED else tally.left_out
        kind[entry.detail] += 1
    read = sum(piece.segment.added for chunk in plan.chunks for piece in chunk.pieces)
    left = sum(entry.segment.added for entry in plan.excluded)
    if read + left != sum(file.added for file in diff.files):
        tally.trouble.append("added lines were lost between diff and plan")


def _tokens(name: str, plan: Plan, tally: Tally, count: Callable[[str], int]) -> None:
    """Hold the first look's prompts against the lines that they ask about."""
    with tally.timed("prompts"):
        prompts = first_look(plan)
    asked, shown = tokens_of(prompts, count), count(as_diff(plan))
    tally.counts["requests"] += len(prompts)
    tally.counts["prompt tokens"] += asked
    tally.counts["diff tokens"] += shown
    if asked > MOST_RATIO * shown + MOST_FIXED:
        tally.over.append(f"{name}: {asked:,} of {MOST_RATIO * shown + MOST_FIXED:,.0f}")


def first_look(plan: Plan) -> list[Prompt]:
    """What the cheap tier is asked."""
    briefing = brief(Tier.CHEAP, PullKey(1, 1), Policy(), ())
    by_chunk = {id(task.chunk): task for task in tasks(plan.chunks, briefing)}
    return [
        question([by_chunk[id(chunk)] for chunk in chunks], briefing).prompt
        for chunks in pack(plan.chunks)
    ]


def tokens_of(prompts: Sequence[Prompt], count: Callable[[str], int]) -> int:
    """Vendors count the answer's schema as input too."""
    return sum(count(text) for p in prompts for text in (p.system, p.user, p.schema))


def as_diff(plan: Plan) -> str:
    """What is read, as git would have written it."""
    parts: list[str] = []
    for path in dict.fromkeys(chunk.path for chunk in plan.chunks):
        parts.append(f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}")
        for piece in (p for chunk in plan.chunks if chunk.path == path for p in chunk.pieces):
            old = [line.old for line in piece.lines if line.old is not None]
            new = [line.new for line in piece.lines if line.new is not None]
            begin = f"-{min(old, default=0)},{len(old)} +{min(new, default=0)},{len(new)}"
            parts.append(f"@@ {begin} @@ {piece.heading}".rstrip())
            parts += [f"{line.sign}{line.text}" for line in piece.lines]
    return "\n".join(parts)


def _compare(name: str, pull: Pull, diff: Diff, tally: Tally) -> None:
    """Hold what was parsed against what git itself counts."""
    signs = Counter(line.sign for f in diff.files for h in f.hunks for line in h.lines)
    entries = len(diff.files) + len(diff.unreadable)
    # git counts a file that became a link once, and writes two entries
    twice = entries - len({file.path for file in diff.files}) - len(diff.unreadable)
    found = (entries - twice, signs["+"], signs["-"])
    if found != pull.counts():
        tally.trouble.append(f"{name}: {found} instead of {pull.counts()}")


def report(tally: Tally, unit: str) -> Iterator[str]:
    """The figures, as lines."""
    yield from (f"{count:>12,}  {what}" for what, count in tally.counts.items())
    share = tally.counts["prompt tokens"] / max(1, tally.counts["diff tokens"])
    yield f"{share:>12.3f}  prompt tokens / diff tokens ({unit})"
    yield f"{len(tally.over):>12,}  pull requests over {MOST_RATIO} x diff + {MOST_FIXED:,} tokens"
    yield from (f"{'':14}{over}" for over in tally.over[:20])
    for title, counter in (("gap", tally.gaps), ("left out", tally.left_out)):
        yield from (f"{count:>12,}  {title}: {why}" for why, count in counter.most_common())
    yield from (f"{spent:>12.1f}  s {step}" for step, spent in tally.seconds.items())
    yield f"{'':14}{'claims':<22}" + "".join(f"{verdict:>12}" for verdict in VERDICTS)
    for model in (getattr(model, "__name__", "?") for model in MODELS):
        row = "".join(f"{tally.anchors[model, verdict]:>12,}" for verdict in VERDICTS)
        yield f"{'':14}{model:<22}{row}"
    yield f"{len(tally.trouble):>12,}  troubles"
    yield from (f"{'':14}{trouble}" for trouble in tally.trouble[:40])


VERDICTS = ("exact", "twin", "unanchored", "refused", "wrong")


@click.command()
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--most", default=200, help="Pull requests of each repository, the newest.")
def main(directories: Sequence[Path], most: int) -> None:
    """Measure the way of real pull requests; fails where a law is broken."""
    unit, count = tokenizer()
    tally = Tally()
    for directory in directories:
        before = tally.counts["pull requests"]
        for pull in pulls_of(directory, most):
            look(pull, tally, count)
        done = tally.counts["pull requests"] - before
        click.echo(f"{directory.parent.name or directory}: {done} pull requests", err=True)
    for line in report(tally, unit):
        click.echo(line)
    if tally.trouble:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
