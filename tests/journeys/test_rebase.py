"""A rebase moves code and changes none: it is paid for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.outcome import Coverage, Report, Reviewed
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.entrypoints.cli.progress import SilentObserver
from reviewbot.runtime.core import Core, open_core
from reviewbot.runtime.local import LocalForge
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILES = 50


@pytest.fixture
def model() -> Iterator[SandboxModel]:
    with SandboxModel() as running:
        yield running


@pytest.fixture
def core(tmp_path: Path, model: SandboxModel) -> Iterator[Core]:
    environ = {
        "REVIEWBOT_API_KEY": API_KEY,
        "REVIEWBOT_BASE_URL": model.base_url,
        "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
        "REVIEWBOT_STRONG_MODEL": STRONG_MODEL,
        "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
        "REVIEWBOT_STRONG_PRICE": "2.50/10",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
    }
    with open_core(load_settings(environ)) as opened:
        yield opened


def _diff(moved: int, changed: int = -1) -> bytes:
    """Fifty files that change two lines each, *moved* lines further down."""
    return "".join(
        _file(number, moved, changed=number == changed) for number in range(_FILES)
    ).encode()


def _file(number: int, moved: int, *, changed: bool) -> str:
    path, at = f"src/part_{number:02d}.py", 10 + moved
    query = 'db.execute(f"SELECT * FROM t WHERE id = {key}")'
    return (
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -{at},3 +{at},4 @@ def find_{number}(db, key):\n"
        f" def find_{number}(db, key):\n-    return None\n"
        f"+    rows = {query}\n+    return rows[{number + changed}]\n \n"
    )


def _review(core: Core, diff: bytes) -> Report:
    request = ReviewRequest("local/diff", 0, "push", full=True)
    outcome = core.review(request, LocalForge("here", diff), SilentObserver(120))
    assert isinstance(outcome, Reviewed)
    return outcome.report


def test_a_pure_rebase_of_fifty_files_asks_nothing_and_says_what_was_saved(
    core: Core, model: SandboxModel
) -> None:
    first = _review(core, _diff(0))
    asked = len(model.calls)
    again = _review(core, _diff(37))
    assert len(model.calls) == asked > 0
    assert again.receipt.count(Coverage.KNOWN) == _FILES
    assert again.bill.spent == 0
    assert 0 < again.bill.saved <= first.bill.spent
    assert again.bill.saved_tokens > 0
    lines = [(j.anchor.path, j.anchor.line) for j in first.findings if j.anchor]
    moved = [(j.anchor.path, j.anchor.line) for j in again.findings if j.anchor]
    assert sorted(moved) == sorted((path, line + 37) for path, line in lines)


def test_a_push_pays_for_the_file_that_changed(core: Core, model: SandboxModel) -> None:
    _review(core, _diff(0))
    asked = len(model.calls)
    report = _review(core, _diff(5, changed=7))
    assert len(model.calls) - asked <= 2  # each tier once
    assert report.receipt.count(Coverage.READ) == 1
    assert report.receipt.count(Coverage.KNOWN) == _FILES - 1
