"""``reviewbot review``: what it reads, what it prints, what it posts, how it ends."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from reviewbot.sandbox.github import Fault as GitHubFault
from reviewbot.sandbox.model import CHEAP_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault
from tests.journeys.cli.driver import CHEAP_PRICE, STRONG_PRICE, Shell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reviewbot.sandbox.github import SandboxGitHub
    from reviewbot.sandbox.scenario import Scenario

_PLANTED = {
    "src/orders/search.py:37  CRITICAL security",
    "src/config.py:9  HIGH security",
    "src/files/download.py:28  HIGH security",
    "src/payments/webhook.py:37  HIGH security",
    "src/payments/webhook.py:27  MEDIUM security",
    "web/src/cart.ts:42  MEDIUM concurrency",
    "src/stats/average.py:24  MEDIUM correctness",
    "tests/test_search.py:32  MEDIUM testing",
}


def _bill(model: SandboxModel) -> Decimal:
    """What the model server's own counts cost at the prices that the shell has set."""
    usd = Decimal(0)
    for name, price in (("sandbox-cheap", CHEAP_PRICE), ("sandbox-strong", STRONG_PRICE)):
        into, out = map(Decimal, price.split("/"))
        counted = model.totals(name)
        usd += counted.prompt_tokens * into + counted.completion_tokens * out
    return usd / 10**6


def _large_diff(files: Iterable[int]) -> bytes:
    """A diff of files of which two fill a request."""
    body = "".join(f"+value_{line} = compute({line}, other={line})\n" for line in range(380))
    return "".join(
        f"diff --git a/f{n}.py b/f{n}.py\nnew file mode 100644\n--- /dev/null\n+++ b/f{n}.py\n"
        f"@@ -0,0 +1,380 @@\n{body}"
        for n in files
    ).encode()


# --- what it may cost ------------------------------------------------------------------------


def test_who_starts_a_review_by_hand_waits_for_nobody_s_approval(shell: Shell, pull: str) -> None:
    ended = shell.run("review", pull, REVIEWBOT_POLICY__BUDGET__APPROVE_ABOVE="0.000001")

    assert ended.code == 0
    assert set(ended.out.splitlines()) >= _PLANTED


# --- what is read ----------------------------------------------------------------------------


def test_a_pull_request_is_printed_and_nothing_is_written(
    shell: Shell, pull: str, github: SandboxGitHub
) -> None:
    ended = shell.run("review", pull)

    assert ended.code == 0
    assert set(ended.out.splitlines()) >= _PLANTED
    assert "15 segments = 12 read + 0 known + 3 excluded" in ended.out
    assert ended.err == ""
    assert {method for method, _, _ in github.requests} == {"GET"}


def test_the_address_of_a_pull_request_names_it_too(
    shell: Shell, github: SandboxGitHub, scenario: Scenario
) -> None:
    address = f"{github.url}/{scenario.repository}/pull/{scenario.number}/files"

    ended = shell.run("review", address, "--format", "json")

    assert ended.code == 0
    assert ended.json["pull_request"]["repository"] == scenario.repository
    assert ended.json["pull_request"]["number"] == scenario.number


def test_a_diff_file_needs_no_github(shell: Shell, diff: str, github: SandboxGitHub) -> None:
    ended = shell.run("review", "--diff", diff, GITHUB_TOKEN=None)

    assert ended.code == 0
    assert set(ended.out.splitlines()) >= _PLANTED
    assert github.requests == []


def test_a_diff_comes_through_standard_input(shell: Shell, scenario: Scenario) -> None:
    ended = shell.run("review", "--diff", "-", stdin=scenario.diff)

    assert ended.code == 0
    assert set(ended.out.splitlines()) >= _PLANTED


def test_an_empty_diff_is_fine_and_says_so(shell: Shell, model: SandboxModel) -> None:
    ended = shell.run("review", "--diff", "-")

    assert ended.code == 0
    assert "the diff is empty" in ended.err
    assert model.calls == []


def test_names_and_code_in_other_encodings_are_read(shell: Shell) -> None:
    diff = (
        b"diff --git a/caf\xe9.py b/caf\xe9.py\nnew file mode 100644\n--- /dev/null\n"
        b"+++ b/caf\xe9.py\n@@ -0,0 +1,2 @@\n+digest = hashlib.md5(password)  # \xe9\n+x = 1\n"
    )
    for form in ("text", "json"):
        assert shell.run("review", "--diff", "-", "--format", form, stdin=diff).code == 0


# --- what is posted --------------------------------------------------------------------------


def test_posting_twice_posts_one_review(shell: Shell, pull: str, github: SandboxGitHub) -> None:
    first = shell.run("review", pull, "--post")
    second = shell.run("review", pull, "--post")

    assert first.code == second.code == 0
    assert f"{github.url}/acme/shop/pull/42#pullrequestreview-" in first.out
    assert "Since the last push: 0 fixed, 8 open" in second.out
    assert len(github.reviews) == 1
    assert len(github.review_comments) == 8
    assert len(github.issue_comments) == 1
    assert {run["conclusion"] for run in github.check_runs} == {"success"}


def test_a_ledger_that_is_lost_repeats_nothing_that_stands(
    shell: Shell, pull: str, github: SandboxGitHub, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        lost = shell.having({"REVIEWBOT_DATABASE__URL": f"sqlite:///{tmp_path / name}.db"})
        assert lost.run("review", pull, "--post").code == 0

    assert len(github.reviews) == 1
    assert len(github.review_comments) == 8
    assert len(github.issue_comments) == 1


def test_a_gate_that_is_reached_fails_the_check_and_the_command(
    shell: Shell, pull: str, github: SandboxGitHub
) -> None:
    ended = shell.run("review", pull, "--post", "--fail-on", "high")

    assert ended.code == 1
    assert github.check_runs[-1]["conclusion"] == "failure"


def test_posting_that_github_refuses_cannot_finish(
    shell: Shell, pull: str, github: SandboxGitHub
) -> None:
    github.faults.append(
        GitHubFault("POST", r".*/reviews", status=403, message="Resource not accessible")
    )

    ended = shell.run("review", pull, "--post")

    assert ended.code == 3
    assert "403" in ended.err


# --- how it ends -----------------------------------------------------------------------------


def test_the_gate_is_reached_by_its_severity_and_worse(shell: Shell) -> None:
    diff = (
        b"diff --git a/stats.py b/stats.py\n--- a/stats.py\n+++ b/stats.py\n@@ -1,1 +1,2 @@\n"
        b" import math\n+mean = sum(values) / len(values)\n"
    )
    severities = ("high", "medium", "low")
    runs = [shell.run("review", "--diff", "-", "--fail-on", s, stdin=diff) for s in severities]

    assert all("MEDIUM correctness" in ended.out for ended in runs)
    assert [ended.code for ended in runs] == [0, 1, 1]


def test_unread_code_beats_findings(shell: Shell, diff: str) -> None:
    ended = shell.run("review", "--diff", diff, "--fail-on", "low", "--max-cost", "0")

    assert "HIGH security" in ended.out  # the secret, found without a model
    assert ended.code == 3


def test_a_model_that_fails_leaves_named_gaps(shell: Shell, diff: str, model: SandboxModel) -> None:
    model.misbehave(CHEAP_MODEL, *[Fault(status=401, code="invalid_api_key")] * 9)

    ended = shell.run("review", "--diff", diff)

    assert ended.code == 3
    assert "NOT FULLY READ" in ended.out
    host = model.base_url.removeprefix("http://").removesuffix("/v1")
    assert f"  failed, {host} does not accept the API key (http-401):" in ended.out
    assert "    src/orders/search.py:32-52" in ended.out
    assert "12 of 15 segments were not read: 0 over budget, 12 failed" in ended.err
    assert "reviewbot doctor" in ended.err


# --- what it costs ---------------------------------------------------------------------------


def test_running_again_asks_nothing_and_says_what_was_saved(
    shell: Shell, pull: str, model: SandboxModel
) -> None:
    first = shell.run("review", pull, "--format", "json").json["cost"]
    asked = len(model.calls)
    again = shell.run("review", pull, "--format", "json").json["cost"]

    assert len(model.calls) == asked == first["calls"]
    assert Decimal(first["spent_usd"]) == _bill(model)
    assert (again["calls"], again["spent_usd"]) == (0, "0")
    assert again["saved_usd"] == first["spent_usd"]


def test_the_maximum_is_never_passed_and_raising_it_pays_only_for_what_was_left_out(
    shell: Shell, model: SandboxModel
) -> None:
    shell.write("large.diff", _large_diff(range(6)))
    review = ("review", "--diff", "large.diff", "--format", "json")

    cut = shell.run(*review, "--max-cost", "0.008")
    spent = _bill(model)
    whole = shell.run(*review)

    assert (cut.code, whole.code) == (3, 0)
    assert 0 < spent <= Decimal("0.008")
    assert Decimal(cut.json["cost"]["spent_usd"]) == spent
    entries = cut.json["receipt"]["entries"]
    assert {entry["path"] for entry in entries} == {f"f{n}.py" for n in range(6)}
    left = [entry for entry in entries if entry["class"] == "over budget"]
    assert 0 < len(left) < 6
    assert all("--max-cost" in entry["detail"] for entry in left)
    assert f"{len(left)} of 6 segments were not read: {len(left)} over budget" in cut.err
    assert whole.json["receipt"]["counts"]["known"] == 6 - len(left)
    assert whole.json["receipt"]["counts"]["read"] == len(left)
    assert Decimal(whole.json["cost"]["spent_usd"]) == _bill(model) - spent


def test_a_quote_spends_nothing(
    shell: Shell, pull: str, model: SandboxModel, github: SandboxGitHub
) -> None:
    quote = shell.run("review", pull, "--quote", "--format", "json").json
    said = shell.run("review", pull, "--quote", "--max-cost", "0.50")
    spent = shell.run("review", pull, "--format", "json").json["cost"]["spent_usd"]

    p50, p90, bound = (Decimal(quote[name]) for name in ("p50_usd", "p90_usd", "bound_usd"))
    assert 0 < p50 <= p90 <= bound
    assert Decimal(spent) <= bound
    assert "8 chunks, 0 known" in said.out
    assert "never over the limit of $0.500" in said.out
    assert {method for method, _, _ in github.requests} == {"GET"}
    assert len(model.calls) == 2  # the review's own


def test_a_quote_prints_no_findings_in_their_formats(shell: Shell, diff: str) -> None:
    ended = shell.run("review", "--diff", diff, "--quote", "--format", "sarif")

    assert ended.code == 2
    assert "--quote prints text or json" in ended.err
