"""``reviewbot review --range``: the true diff of a real checkout, in which nothing runs."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.cli.driver import Shell

_BEFORE = "import math\n\n\ndef mean(values):\n    return math.fsum(values)\n"
_AFTER = _BEFORE.replace("math.fsum(values)", "sum(values) / len(values)")


class Checkout:
    """A git checkout in the shell's folder with one change, on ``main`` and ``topic``."""

    def __init__(self, shell: Shell, canary: Path) -> None:
        self.shell = shell
        self.canary = canary
        self.git("init", "-q", "-b", "main")
        self.commit({"stats.py": _BEFORE, "sub/keep.py": "x = 1\n"})
        self.git("checkout", "-q", "-b", "topic")
        self.commit({"stats.py": _AFTER})

    def git(self, *arguments: str) -> str:
        """Run git as its user would."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.shell.folder,
            env=self.shell.with_variables({}),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str]) -> None:
        """Write files and commit everything."""
        for name, text in files.items():
            path = self.shell.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "change")

    def trap(self, name: str) -> str:
        """A program that says that it was run."""
        path = self.shell.folder / ".git" / name
        path.write_text(f'#!/bin/sh\ntouch {self.canary}\ncat "$1"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def review(self, revisions: str) -> list[str]:
        """The places of the findings in a range."""
        ended = self.shell.run("review", "--range", revisions, "--format", "json")
        assert ended.code == 0, ended.err
        assert not self.canary.exists()
        return [
            f"{found['anchor']['path']}:{found['anchor']['line']} {found['severity']}"
            for found in ended.json["findings"]
        ]


@pytest.fixture
def checkout(shell: Shell, tmp_path: Path) -> Checkout:
    """A checkout, and the file that appears when something in it runs."""
    return Checkout(shell, tmp_path / "it-ran")


def test_a_range_is_reviewed_without_github(checkout: Checkout) -> None:
    assert checkout.review("main..topic") == ["stats.py:5 medium"]
    assert checkout.review("main...") == ["stats.py:5 medium"]


def test_settings_of_the_checkout_neither_run_nor_bend_the_diff(checkout: Checkout) -> None:
    trap = checkout.trap("trap.sh")
    for key, value in {
        "diff.external": trap,
        "diff.evil.command": trap,
        "diff.evil.textconv": trap,
        "core.fsmonitor": trap,
        "core.pager": trap,
        "core.hooksPath": str(checkout.shell.folder / ".git"),
        "core.attributesFile": str(checkout.shell.folder / ".git" / "attributes"),
        "core.worktree": "/nowhere",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.relative": "true",
        "diff.context": "0",
        "diff.suppressBlankEmpty": "true",
        "diff.renames": "false",
        "diff.orderFile": "/nowhere",
        "diff.algorithm": "patience",
        "color.diff": "always",
        "color.ui": "always",
    }.items():
        checkout.git("config", key, value)
        if key == "core.worktree":
            checkout.git("--work-tree=.", "config", "--unset", key)
    (checkout.shell.folder / ".git" / "attributes").write_text("* diff=evil\n")
    (checkout.shell.folder / ".git" / "info" / "attributes").write_text("*.py diff=evil\n")

    assert checkout.review("main..topic") == ["stats.py:5 medium"]


def test_attributes_in_the_head_hide_nothing(checkout: Checkout) -> None:
    checkout.commit({".gitattributes": "*.py -diff binary linguist-generated\n"})

    assert checkout.review("main..topic") == ["stats.py:5 medium"]


def test_missing_objects_are_not_fetched(checkout: Checkout) -> None:
    blob = checkout.git("rev-parse", "topic:stats.py")
    (checkout.shell.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "remote.origin.url": f"ext::{checkout.trap('trap.sh')}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
        "core.repositoryformatversion": "1",
    }.items():
        checkout.git("config", key, value)

    ended = checkout.shell.run("review", "--range", "main..topic")

    assert ended.code == 2
    assert not checkout.canary.exists()


def test_replaced_objects_do_not_stand_in_for_the_true_ones(checkout: Checkout) -> None:
    checkout.git("replace", "topic", "main")

    assert checkout.review("main..topic") == ["stats.py:5 medium"]


def test_names_that_begin_with_a_dash_are_names(checkout: Checkout) -> None:
    checkout.commit({"--output=stolen.py": "mean = sum(values) / len(values)\n"})
    checkout.git("update-ref", "refs/heads/--ext-diff", "topic")
    checkout.git("update-ref", "refs/heads/-main", "main")

    found = checkout.review("-main..--ext-diff")

    assert sorted(found) == ["--output=stolen.py:1 medium", "stats.py:5 medium"]
    assert not (checkout.shell.folder / "stolen.py").exists()


def test_an_option_is_no_range(checkout: Checkout) -> None:
    for text in ("--output=stolen..x", "--no-index", "main"):
        ended = checkout.shell.run("review", f"--range={text}")
        assert ended.code == 2
        assert text in ended.err
    assert not list(checkout.shell.folder.glob("stolen*"))


def test_outside_of_a_checkout_the_message_says_so(shell: Shell) -> None:
    ended = shell.run("review", "--range", "main..topic")

    assert ended.code == 2
    assert ended.err.startswith("reviewbot: not a git repository")
