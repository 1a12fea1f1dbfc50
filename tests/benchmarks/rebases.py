"""What a rebase of real pull requests would ask the models anew.

    python -m tests.benchmarks.rebases --most 30 REPO.git…

The directories are those of ``tests.benchmarks.corpus``. Each head is merged with the default
branch as it was some commits after the fork; what merges without conflict changes the same
lines on another base. Objects that this makes are written to a scratch folder.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.finding import Tier
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.plan import plan_survey
from reviewbot.review.prompt import brief, tasks
from tests.benchmarks.pulls import git, pulls_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.pulls import Pull

_LARGEST = 2_000_000  # bytes of a diff


def later(pull: Pull, commits: int) -> str | None:
    """The default branch so many commits after the fork, or at its end."""
    listed = git(pull.directory, "rev-list", "--first-parent", f"{pull.base}..HEAD")
    behind = (listed or b"").decode().split()
    return behind[-min(commits, len(behind))] if behind else None


def merged(pull: Pull, base: str, scratch: Path) -> bytes | None:
    """The diff of *pull* on *base*; None where they conflict."""
    objects = git(pull.directory, "rev-parse", "--git-path", "objects") or b""
    there = (pull.directory / objects.decode().strip()).resolve()
    environ = os.environ | {
        "GIT_OBJECT_DIRECTORY": str(scratch),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(there),
    }

    def run(*arguments: str) -> bytes | None:
        command = ["git", "-C", str(pull.directory), *arguments]
        done = subprocess.run(command, capture_output=True, check=False, env=environ)
        return None if done.returncode else done.stdout

    tree = run("merge-tree", "--write-tree", base, pull.head)
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")
    return run("diff", *options, base, tree.decode().strip()) if tree else None


def asked(raw: bytes) -> Counter[str]:
    """The tokens of each chunk, by the key of its answer."""
    plan = plan_survey(parse_diff(raw), Policy())
    briefing = brief(Tier.CHEAP, PullKey(1, 1), Policy(), ())
    return Counter({task.key: task.chunk.tokens for task in tasks(plan.chunks, briefing)})


@click.command()
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--most", default=30, help="Pull requests of each repository, the newest.")
@click.option("--commits", default=20, help="How far the default branch went on.")
def main(directories: Sequence[Path], most: int, commits: int) -> None:
    """Print what stays known."""
    counts = Counter[str]()
    for pull in (pull for directory in directories for pull in pulls_of(directory, most)):
        before, base = pull.diff(), later(pull, commits)
        if not before or base is None or len(before) > _LARGEST:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            after = merged(pull, base, Path(scratch))
        if not after:
            counts["conflicts, or nothing left"] += 1
            continue
        known, wanted = asked(before), asked(after)
        new = {key: size for key, size in wanted.items() if key not in known}
        counts.update({"pull requests": 1, "of them, asked nothing": not new})
        counts.update({"chunks": len(wanted), "of them, known": len(wanted) - len(new)})
        total = wanted.total()
        counts.update({"tokens of chunks": total, "of them, known ": total - sum(new.values())})
    for what, count in counts.items():
        click.echo(f"{count:>12,}  {what}")


if __name__ == "__main__":
    main()
