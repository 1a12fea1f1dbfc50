"""A hundred pushes, a model that never says a thing twice the same, and people who decide."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.command import Breadth, Sender
from reviewbot.domain.finding import Severity
from reviewbot.domain.outcome import Report, Reviewed
from reviewbot.domain.pull_request import PullKey, ReviewRequest
from reviewbot.domain.ruling import Silence
from reviewbot.entrypoints.cli.progress import SilentObserver
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.runtime.core import Core, open_core
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, SandboxModel
from tests.journeys.driver import defect, diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Response

_PUSHES = 100
_MARIA, _ALICE = Sender(8, "maria"), Sender(7, "alice")
_KEY = PullKey(1001, 1)
_WORDS = ("query", "input", "state", "quote", "escape", "binding", "caller", "row", "table")


class _Wordy(SandboxModel):
    """The sandbox's models, in other words each time."""

    def __init__(self) -> None:
        super().__init__()
        self._draw = random.Random(5)  # noqa: S311 - the same words each run

    def complete(self) -> Response:
        response = super().complete()
        said = response.get_json()
        for choice in said.get("choices", ()):
            content = json.loads(choice["message"]["content"])
            for finding in content.get("findings", ()):
                finding["title"] = " ".join(self._draw.sample(_WORDS, 4)).capitalize()
            choice["message"]["content"] = json.dumps(content)
        response.set_data(json.dumps(said))
        return response


@pytest.fixture
def github() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(pat_may_check=True) as running:
        running.add_collaborator("maria", _MARIA.id, "write")
        yield running


@pytest.fixture
def core(tmp_path: Path, github: SandboxGitHub) -> Iterator[Core]:
    with _Wordy() as model:
        environ = {
            "GITHUB_API_URL": f"{github.url}/api/v3",
            "GITHUB_TOKEN": github.token,
            "REVIEWBOT_API_KEY": API_KEY,
            "REVIEWBOT_BASE_URL": model.base_url,
            "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
            "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
            "REVIEWBOT_DATABASE__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "REVIEWBOT_LIMITS__AUDIT_SHARE": "0",
            "REVIEWBOT_POLICY__FAIL_ON": "high",
        }
        with open_core(load_settings(environ)) as opened:
            yield opened


def _diff(push: int, *, mended: bool) -> bytes:
    """Every defect moves with every push, and what stands beside it changes."""
    files: dict[str, list[str]] = {}
    for name in ("resolved", "ignored", "disliked", "fixed", "plain"):
        above = [f"before_{n} = {push}" for n in range(push % 7)]
        lines = [*above, *defect(name), f"after = {push}"]
        if name == "fixed" and mended:
            lines = [*above, f"def {name}(cursor, state):", f"    return cursor.all({push})"]
        files[f"src/{name}.py"] = lines
    return diff_of(files)


def _review(core: Core) -> Report:
    request = ReviewRequest("acme/shop", 1, "push", full=True)
    outcome = core.review(request, core.forge_with_token(), SilentObserver(120))
    assert isinstance(outcome, Reviewed)
    return outcome.report


def _on(github: SandboxGitHub, name: str) -> dict[str, Any]:
    """The newest comment that begins a thread on a file."""
    found = [
        each
        for each in github.review_comments
        if each["path"] == f"src/{name}.py" and "in_reply_to_id" not in each
    ]
    return found[-1]


def _decide(core: Core, github: SandboxGitHub, push: int, report: Report) -> None:
    """What people do in the course of time."""
    if push == 10:
        github.threads.resolve(_on(github, "resolved")["id"], "maria", _MARIA.id)
    if push == 20:
        name = next(f.fingerprint for f in report.findings if f.finding.path == "src/ignored.py")
        silence = Silence(Breadth.FINDING, name, _MARIA, Severity.CRITICAL)
        SqlRulings(core.database).silence(_KEY, silence)
    if push == 30:
        github.threads.react(_on(github, "disliked")["id"], "-1", "alice", _ALICE.id)


def test_whatever_people_decide_nothing_is_said_twice(core: Core, github: SandboxGitHub) -> None:
    github.add_pull(SandboxPull(_diff(0, mended=False), head_sha=f"{0:040x}"))
    report = _review(core)
    for push in range(1, _PUSHES):
        github.push(1, _diff(push, mended=50 <= push < 60), f"{push:040x}")
        report = _review(core)
        _decide(core, github, push, report)
    begun = Counter(each["path"] for each in github.review_comments if "in_reply_to_id" not in each)
    assert begun == {
        "src/resolved.py": 1,
        "src/ignored.py": 1,
        "src/disliked.py": 1,
        "src/fixed.py": 2,  # it came back after its thread had said that it was fixed
        "src/plain.py": 1,
    }
    told = [each["path"] for each in github.review_comments if "in_reply_to_id" in each]
    assert told == ["src/fixed.py"]
    fates = {j.finding.path: j.why for j in report.findings if not j.why.startswith("same")}
    assert fates["src/resolved.py"] == "resolved by maria"
    assert fates["src/ignored.py"] == "silenced by maria"
    with core.database.snapshot() as session:
        rows = session.rows("SELECT path, acceptance, because FROM raised")
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        "src/resolved.py": ("accepted", "resolved"),
        "src/ignored.py": ("rejected", "ignored"),
        "src/disliked.py": ("rejected", "thumbs"),
        "src/fixed.py": ("unknown", ""),
        "src/plain.py": ("unknown", ""),
    }
