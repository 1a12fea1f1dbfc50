"""When money is short, from a diff to its receipt: models on loopback, a real ledger."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.finding import Tier
from reviewbot.domain.outcome import Coverage, Report, Reviewed
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.entrypoints.cli.progress import SilentObserver
from reviewbot.ledger.export import attempts
from reviewbot.ledger.reviews import starved
from reviewbot.review.compose import check, summary
from reviewbot.review.record import as_json
from reviewbot.runtime.core import open_core
from reviewbot.runtime.local import LocalForge
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reviewbot.runtime.core import Core

_SHORT = "0.009"  # USD: enough for some of the requests, not for all


def _added(path: str, lines: list[str]) -> str:
    body = "".join(f"+{line}\n" for line in lines)
    return (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
        f"@@ -0,0 +1,{len(lines)} @@\n{body}"
    )


def _long(name: str, lines: int) -> str:
    """A file of two chunks, which fill a request."""
    rows = [f"{name}_{n:03d} = 'a row of which nobody has anything to say'" for n in range(lines)]
    return _added(f"src/{name}.py", rows)


_DIFF = "".join([*(_long(name, 590) for name in ("a", "b", "c", "d")), _long("z", 60)]).encode()


@pytest.fixture(scope="module")
def model() -> Iterator[SandboxModel]:
    with SandboxModel() as running:
        yield running


@contextmanager
def _core(folder: Path, model: SandboxModel, **changes: str) -> Iterator[Core]:
    environ: Mapping[str, str] = {
        "REVIEWBOT_API_KEY": API_KEY,
        "REVIEWBOT_BASE_URL": model.base_url,
        "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
        "REVIEWBOT_STRONG_MODEL": STRONG_MODEL,
        "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
        "REVIEWBOT_STRONG_PRICE": "2.50/10",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{folder / 'ledger.db'}",
        "REVIEWBOT_LIMITS__AUDIT_SHARE": "0",  # a second look at random
        "REVIEWBOT_LIMITS__CALLS_PER_REVIEW": "1",
        "REVIEWBOT_LIMITS__BUDGET_WAIT_SECONDS": "0",
        **{f"REVIEWBOT_{name}": value for name, value in changes.items()},
    }
    with open_core(load_settings(environ)) as core:
        yield core


def _review(core: Core, diff: bytes = _DIFF, trigger: str = "first") -> Report:
    outcome = core.review(
        ReviewRequest("local/diff", 0, trigger, full=True),
        LocalForge("here", diff),
        SilentObserver(60),
    )
    assert isinstance(outcome, Reviewed)
    return outcome.report


def _unread(report: Report) -> set[str]:
    return {e.segment.path for e in report.receipt.entries if e.coverage is Coverage.OVER_BUDGET}


def _segments(report: Report) -> int:
    """How many segments were left out; each long file is two."""
    return report.receipt.count(Coverage.OVER_BUDGET)


def test_when_money_runs_out_what_still_fits_is_read_and_the_figures_are_told(
    tmp_path: Path, model: SandboxModel
) -> None:
    with _core(tmp_path, model, POLICY__BUDGET__PER_PR=_SHORT) as core:
        report = _review(core)
    unread = _unread(report)
    assert unread
    assert "src/z.py" not in unread, "the small one still fits"
    assert not report.receipt.complete
    [shortage] = report.shortages
    refused = _segments(report)
    assert (shortage.scope, shortage.refused) == ("the pull request", refused)
    told = f"Over budget: {_segments(report)} segments"
    assert told in summary(report)
    assert f"refused {refused} call" in check(report, "neutral").summary
    [said] = as_json(report)["shortages"]
    assert said["limit_usd"] == _SHORT
    assert said["calls_refused"] == refused


def test_a_request_that_is_too_dear_as_a_whole_is_asked_in_order_of_risk(
    tmp_path: Path, model: SandboxModel
) -> None:
    rows = [f"value_{n:03d} = 'a row of which nobody has anything to say'" for n in range(250)]
    paths = ("docs/guide.md", "src/view.py", "src/auth/login.py", "tests/test_view.py")
    diff = "".join(_added(path, rows) for path in paths).encode()
    short = {"POLICY__BUDGET__PER_PR": "0.006", "LIMITS__CALLS_PER_REVIEW": "4"}
    with _core(tmp_path, model, **short) as core:
        report = _review(core, diff)
    assert _unread(report)
    assert "src/auth/login.py" not in _unread(report)
    assert _unread(report) <= {"docs/guide.md", "tests/test_view.py"}


def test_with_stop_nothing_more_is_asked_after_the_first_refusal(
    tmp_path: Path, model: SandboxModel
) -> None:
    changes = {"POLICY__BUDGET__PER_PR": _SHORT, "POLICY__BUDGET__ON_EXHAUSTED": "stop"}
    with _core(tmp_path, model, **changes) as core:
        report = _review(core)
    assert "src/z.py" in _unread(report)
    stopped = [e for e in report.receipt.entries if "the policy says to stop" in e.detail]
    assert len(stopped) == _segments(report) - 2  # the first refusal is the ledger's own


def test_a_starved_review_is_named_and_resumed_at_the_price_of_the_rest(
    tmp_path: Path, model: SandboxModel
) -> None:
    with _core(tmp_path, model, POLICY__BUDGET__PER_PR=_SHORT) as core:
        poor = _review(core)
        unread = _unread(poor)
        [found] = starved(core.database, 0)
        assert found.shortages == ("the pull request",)
    before = len(model.calls)
    with _core(tmp_path, model, POLICY__BUDGET__PER_PR="1") as core:
        report = _review(core, trigger="second")
        assert report.receipt.complete
        assert report.receipt.count(Coverage.KNOWN) == len(report.receipt.entries) - _segments(poor)
        assert len(model.calls) - before == len(unread)
        assert starved(core.database, 0) == []


def test_near_the_limit_the_second_look_goes_first(tmp_path: Path, model: SandboxModel) -> None:
    risky = _added("src/auth/login.py", ["def login(name):", "    return eval(name)"]).encode()
    with _core(tmp_path, model, POLICY__BUDGET__PER_PR="0.03") as core:
        report = _review(core, risky)
    assert report.receipt.complete
    assert [call.model for call in model.calls][-1] == CHEAP_MODEL
    [look] = report.escalations
    assert (look.done, look.over_budget) == (False, True)
    assert "1 second look not done" in summary(report)
    with _core(tmp_path, model, POLICY__BUDGET__PER_PR="1") as core:
        report = _review(core, risky, "second")
        assert core.router.models(Tier.STRONG)
    assert [look.done for look in report.escalations] == [True]


def test_every_attempt_is_a_row_with_all_that_it_was(tmp_path: Path, model: SandboxModel) -> None:
    with _core(tmp_path, model) as core:
        report = _review(core)
        rows: list[dict[str, Any]] = list(attempts(core.database))
    assert len(rows) == report.bill.calls
    assert sum(row["tokens_in"] for row in rows) == report.bill.tokens_in
    for row in rows:
        assert row["repository"] == "local/diff"
        assert row["model_answered"]
        assert row["outcome"] == "answered"
        assert row["chunks"].startswith("src/")
        assert row["head_sha"] == report.pull.head_sha
        json.dumps(row)
