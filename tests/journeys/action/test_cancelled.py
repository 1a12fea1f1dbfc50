"""A job that is cancelled in mid-review, as a newer push cancels it."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reviewbot.runtime.sealed import unseal
from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL
from tests.fakes.watched_model import WatchedModel
from tests.journeys.action.workflow import STEPS, Workflow
from tests.journeys.driver import defect, diff_of

if TYPE_CHECKING:
    from pathlib import Path

_REVIEW = next(step for step in STEPS if step.get("id") == "review")
_PATIENCE = 120  # seconds; the answer that is waited for never comes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_waits_for_no_model_and_keeps_what_was_paid(
    tmp_path: Path, number: signal.Signals
) -> None:
    with SandboxGitHub(token="the token of the job") as github, WatchedModel() as model:
        github.add_pull(SandboxPull(diff_of({"a.py": defect()})))
        model.hold("a.py")
        payload = github.payload("opened", 1)
        workflow = Workflow(tmp_path, f"{github.url}/api/v3", github.url)
        inputs = {
            "api-key": API_KEY,
            "base-url": model.base_url,
            "cheap-model": CHEAP_MODEL,
            "cheap-price": "0.18/0.25",
        }
        slow = {"REVIEWBOT_LIMITS__CHEAP_SECONDS": "600"}
        slow["REVIEWBOT_LIMITS__FIRST_TOKEN_SECONDS"] = "600"
        job = workflow.begin("pull_request", payload, inputs, slow)
        job.install({})
        with job.start(_REVIEW) as process:
            model.wait_until_asked("a.py")
            process.send_signal(number)
            assert process.wait(_PATIENCE) == 130

    kept = (job.temp / "reviewbot-state" / "ledger.sealed").read_bytes()
    state = unseal(kept, API_KEY, f"{payload['repository']['id']}/{payload['number']}")
    (tmp_path / "kept.db").write_bytes(state or b"")
    with closing(sqlite3.connect(tmp_path / "kept.db")) as ledger:
        [(calls,)] = ledger.execute("SELECT COUNT(*) FROM calls")
    assert calls == 1
