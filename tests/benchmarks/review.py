"""What a posted review costs this machine and GitHub: wall, CPU, memory, requests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.entrypoints.cli.progress import observing
from reviewbot.github.auth import AppAuth, InstallationTokens
from reviewbot.runtime.core import open_core
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.github import App, SandboxGitHub, SandboxPull, generate_app_key
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel

if TYPE_CHECKING:
    from collections.abc import Mapping

_INSTALLATION = 1
_LONGEST = 900.0  # seconds
_GLANCE = 0.02  # seconds
_REQUEST = ReviewRequest("acme/shop", 1, "benchmark", _INSTALLATION, full=True)
_GUIDED = {
    ".reviewbot.yml": "min_severity: low\n",
    ".github/copilot-instructions.md": "Amounts are in cents.\n",
    "AGENTS.md": "Errors are values.\n",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A pull request of *files* new files with *lines* added lines in all."""

    name: str
    files: int
    lines: int
    base_files: Mapping[str, str] = field(default_factory=dict)

    def pull(self) -> SandboxPull:
        """The pull request, with a defect every hundred lines."""
        each = max(1, self.lines // self.files)
        diff = "".join(_file(f"src/part{nth}.py", each) for nth in range(self.files))
        return SandboxPull(diff.encode(), base_files=self.base_files)


def _file(path: str, lines: int) -> str:
    body = "".join(f"+{_line(path, number)}\n" for number in range(lines))
    return (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n"
        f"+++ b/{path}\n@@ -0,0 +1,{lines} @@\n{body}"
    )


def _line(path: str, number: int) -> str:
    if number % 100 == 7:
        return f"    result_{number} = eval(argument)  # {path}"
    if number % 25 == 0:
        return f"def function_{number}(argument, other):"
    return f"    value_{number} = compute({number % 17}, other, argument)"


SCENARIOS = (
    Scenario("10 files, 300 lines", 10, 300),
    Scenario("the same, with policy and guidance", 10, 300, _GUIDED),
    Scenario("1 file, 10,000 lines", 1, 10_000),
    Scenario("60 files, 10,000 lines", 60, 10_000),
    Scenario("100 files, 3,000 lines", 100, 3_000),
)


def _environment(github: SandboxGitHub, model: SandboxModel, folder: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": github.url,
        "GITHUB_TOKEN": github.token,
        "HOME": folder,
        "REVIEWBOT_API_KEY": API_KEY,
        "REVIEWBOT_BASE_URL": model.base_url,
        "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
        "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{folder}/ledger.db",
        "REVIEWBOT_STRONG_MODEL": STRONG_MODEL,
        "REVIEWBOT_STRONG_PRICE": "2.50/10.00",
    }


def by_token(scenario: Scenario) -> str:
    """The command line in a process of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxGitHub() as github,
        SandboxModel() as model,
    ):
        github.add_pull(scenario.pull())
        child = subprocess.Popen(
            [sys.executable, "-m", "reviewbot", "review", str(_REQUEST), "--post"],
            env=_environment(github, model, folder),
            stdout=subprocess.DEVNULL,
        )
        used = _watched(child)
        return f"{used} · {len(github.requests)} GitHub requests · {model.totals().calls} calls"


def _watched(child: subprocess.Popen[bytes]) -> str:
    """What a child used; its own high-water mark, for ``ru_maxrss`` begins at its parent's."""
    begun, peak = time.perf_counter(), 0
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, _high_water(child.pid))
        time.sleep(_GLANCE)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall, cpu = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
    return f"exit {child.returncode} · {wall:.1f} s wall · {cpu:.1f} s CPU · {peak // 1024} MB"


def _high_water(pid: int) -> int:
    """Its largest resident size so far, in KiB; 0 where it is gone."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else 0


def by_app(scenario: Scenario) -> str:
    """The App's way, from the first token to the check's conclusion."""
    pem, public_key = generate_app_key()
    app = App(4242, public_key, installations=frozenset({_INSTALLATION}))
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxGitHub(app=app) as github,
        SandboxModel() as model,
    ):
        github.add_pull(scenario.pull())
        settings = load_settings(_environment(github, model, folder))
        with open_core(settings) as core, observing(_LONGEST) as observer:
            tokens = InstallationTokens(AppAuth(4242, pem), github.url)
            core.review(_REQUEST, core.forge(tokens, _INSTALLATION), observer)
        [run] = github.check_runs
        return f"check {run['conclusion']} · {len(github.requests)} GitHub requests"


@click.command
def main() -> None:
    """Print one line a scenario and way in."""
    for scenario in SCENARIOS:
        click.echo(f"{scenario.name}\n  token: {by_token(scenario)}\n  App:   {by_app(scenario)}")


if __name__ == "__main__":
    main()
