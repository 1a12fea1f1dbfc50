"""What an Action costs before it is of use: from the job's first step to the first model call.

``python -m tests.benchmarks.action_start``: the steps of action.yml, installation included, first
without wheels in the cache and then with them. Python is the one that runs this.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, SandboxModel
from reviewbot.sandbox.scenario import load_scenario
from tests.journeys.action.workflow import Job, Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

_GLANCE = 0.01  # seconds
_TOKEN = "benchmark"


class _RealJob(Job):
    """A job that installs what it runs."""

    def install(self, step: dict[str, Any]) -> None:
        begun, before = time.perf_counter(), os.times()
        code, log = self.execute(step)
        assert code == 0, log
        spent = sum(os.times()[2:4]) - sum(before[2:4])
        click.echo(f"  installed after {time.perf_counter() - begun:.1f} s (CPU {spent:.1f} s)")


class _RealWorkflow(Workflow):
    def begin(
        self,
        event: str,
        payload: dict[str, Any],
        inputs: Mapping[str, str],
        environ: dict[str, str],
    ) -> Job:
        return _RealJob(self, event, payload, inputs, environ)


def _wait(model: SandboxModel, calls: int, times: list[float]) -> None:
    while len(model.calls) == calls:
        time.sleep(_GLANCE)
    times.append(time.perf_counter())


@click.command
def main() -> None:
    """Print both times."""
    planted = load_scenario()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        github = stack.enter_context(SandboxGitHub(token=_TOKEN, pat_may_check=True))
        model = stack.enter_context(SandboxModel())
        workflow = _RealWorkflow(folder, f"{github.url}/api/v3", github.url)
        inputs = {
            "github-token": _TOKEN,
            "api-key": API_KEY,
            "base-url": model.base_url,
            "cheap-model": CHEAP_MODEL,
            "cheap-price": "0.18/0.25",
        }
        for number, name in enumerate(("without wheels", "with the cached wheels"), 1):
            github.add_pull(SandboxPull(planted.diff, number, planted.repository))
            times: list[float] = []
            watch = threading.Thread(target=_wait, args=(model, len(model.calls), times))
            click.echo(name)
            begun, before = time.perf_counter(), os.times()
            watch.start()
            run = workflow.run("pull_request", github.payload("opened", number), inputs)
            assert run.code == 0, run.log
            watch.join()
            spent = sum(os.times()[2:4]) - sum(before[2:4])
            click.echo(f"  asked the first model after {times[0] - begun:.1f} s")
            click.echo(f"  the whole job: CPU {spent:.1f} s")


if __name__ == "__main__":
    main()
