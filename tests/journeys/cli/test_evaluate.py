"""Measuring what reviews find: by diffs of one's own, and by a repository's past."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reviewbot.domain.patch import parse_diff
from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import STRONG_MODEL
from tests.journeys.cli.driver import TOKEN, github_variables

if TYPE_CHECKING:
    from reviewbot.sandbox.model import SandboxModel
    from reviewbot.sandbox.scenario import Scenario
    from tests.journeys.cli.driver import Ended, Shell

_CLEAN = b"--- /dev/null\n+++ b/src/name.py\n@@ -0,0 +1,1 @@\n+NAME = 'shop'\n"


def _line_of(scenario: Scenario, needle: str) -> dict[str, Any]:
    """Where a planted defect is, by its text."""
    [(path, number)] = [
        (file.path, line.new)
        for file in parse_diff(scenario.diff).files
        for hunk in file.hunks
        for line in hunk.lines
        if line.sign == "+" and needle in line.text
    ]
    return {"path": path, "lines": number, "note": needle}


def _cases(shell: Shell, diff: str, scenario: Scenario) -> str:
    wanted = [_line_of(scenario, "SELECT"), {"path": "src/nowhere.py", "lines": "1-2", "note": "x"}]
    shell.write("clean.diff", _CLEAN)
    rows = [{"diff": diff, "expected": wanted}, {"diff": "clean.diff", "expected": []}]
    return shell.write("cases.jsonl", "\n".join(json.dumps(row) for row in rows))


def _by_routing(ended: Ended) -> dict[str, Any]:
    return {each["routing"]: each for each in ended.json["routings"]}


def test_each_routing_says_what_it_found_and_what_that_cost(
    shell: Shell, diff: str, scenario: Scenario
) -> None:
    cases = _cases(shell, diff, scenario)
    ended = shell.run("evaluate", cases, "--format", "json", "--html", "page.html")
    assert ended.code == 0, ended.err
    known = _by_routing(ended)
    assert list(known) == ["cheap-only", "strong-only", "tiered"]
    for figures in known.values():
        assert (figures["cases"], figures["expected"]) == (2, 2)
        assert (figures["clean_cases"], figures["noise"]) == (1, 0)
        assert float(figures["usd_per_case"]) * 2 == float(figures["usd"]) > 0
    for figures in (known["cheap-only"], known["tiered"]):
        assert (figures["found"], figures["recall"]) == (1, "0.500000")
        assert float(figures["precision"]) == round(1 / figures["claims"], 6)
        assert figures["line_accuracy"] == "1.000000"
    # The scripted strong model confirms more than it finds by itself.
    assert known["strong-only"]["found"] == 0
    assert float(known["cheap-only"]["usd"]) < float(known["tiered"]["usd"])
    missed = ended.json["results"][0]["missed"]
    assert missed == [{"path": "src/nowhere.py", "lines": "1-2"}]
    page = (shell.folder / "page.html").read_text()
    assert "Cost and quality" in page
    assert not re.search(r"<script|https?://", page)


def test_what_was_asked_before_is_known_and_says_what_it_cost_then(
    shell: Shell, diff: str, scenario: Scenario, model: SandboxModel
) -> None:
    cases = _cases(shell, diff, scenario)
    first = shell.run("evaluate", cases, "--format", "json")
    asked = len(model.calls)
    again = shell.run("evaluate", cases, "--format", "json")
    assert len(model.calls) == asked > 0
    assert _by_routing(again) == _by_routing(first)


def test_money_that_is_too_little_makes_no_figure(
    shell: Shell, diff: str, scenario: Scenario
) -> None:
    cases = _cases(shell, diff, scenario)
    ended = shell.run("evaluate", cases, "--max-cost", "0.0001", "--format", "json")
    assert ended.code == 3
    assert ended.json["skipped"] > 0
    assert not any(result["failed"] for result in ended.json["results"])


def test_without_a_strong_tier_one_routing_is_left(
    shell: Shell, diff: str, scenario: Scenario
) -> None:
    cases, weak = _cases(shell, diff, scenario), shell.having({"REVIEWBOT_STRONG_MODEL": None})
    ended = weak.run("evaluate", cases, "--format", "json")
    assert list(_by_routing(ended)) == ["cheap-only"]
    refused = weak.run("evaluate", cases, "--routing", "tiered")
    assert refused.code == 2
    assert "no strong tier" in refused.err


def test_a_judge_decides_whether_words_mean_the_same(
    shell: Shell, diff: str, scenario: Scenario, model: SandboxModel
) -> None:
    line = _line_of(scenario, "SELECT")
    found = {}
    for note in ("The statement is built of foreign text.", "Rename this."):
        row = {"diff": diff, "expected": [line | {"note": note}]}
        cases = shell.write("cases.jsonl", json.dumps(row))
        judged = ("--routing", "cheap-only", "--judge", STRONG_MODEL, "--format", "json")
        ended = shell.run("evaluate", cases, *judged)
        assert ended.code == 0, ended.err
        assert float(ended.json["judge_usd"]) > 0
        found[note] = _by_routing(ended)["cheap-only"]["found"]
    assert list(found.values()) == [1, 0]
    judging = [call.status for call in model.calls if call.model == STRONG_MODEL]
    assert judging == [200, 200]


def test_people_read_a_table(shell: Shell, diff: str, scenario: Scenario) -> None:
    ended = shell.run("evaluate", _cases(shell, diff, scenario), "--routing", "cheap-only")
    assert "2 labelled cases" in ended.out
    assert "50% (1/2)" in ended.out
    assert "2 cases say little" in ended.out


def test_wrong_use_is_told(shell: Shell) -> None:
    assert "CASES.jsonl, or --history" in shell.run("evaluate").err
    cases = shell.write("cases.jsonl", '{"diff": "nowhere.diff"}')
    ended = shell.run("evaluate", cases)
    assert (ended.code, "nowhere.diff cannot be read" in ended.err) == (2, True)
    judged = shell.run("evaluate", cases, "--judge", "nobody")
    assert "--judge 'nobody' is no configured model" in judged.err


# --- a repository's past ---------------------------------------------------------------------


def _file(path: str, *lines: str) -> bytes:
    body = "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n"
    return f"{head}--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}".encode()


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fill(github: SandboxGitHub) -> None:
    """Four merged pull requests: one remarked, one mended by the third, one long ago."""
    defect = "average = sum(prices) / len(prices)"
    mend = "diff --git a/src/b.py b/src/b.py\n"
    mend += f"--- a/src/b.py\n+++ b/src/b.py\n@@ -1,1 +1,1 @@\n-{defect}\n+average = mean(prices)\n"
    for number, days, title, diff in (
        (1, 20, "Add a", _file("src/a.py", "import os", "os.system(command)")),
        (2, 10, "Add b", _file("src/b.py", defect)),
        (3, 5, "Fix the average of nothing", mend.encode()),
        (4, 400, "Add c", _file("src/c.py", "value = 1")),
    ):
        github.add_pull(SandboxPull(diff, number, title=title, head_sha=f"{number}" * 40))
        if number == 1:
            github.add_remark(1, "src/a.py", 2, "This lets anybody run a command of theirs.")
        github.close_pull(number, merged=True, at=_ago(days))


def test_cases_are_built_of_remarks_and_later_fixes_and_then_evaluated(shell: Shell) -> None:
    with SandboxGitHub(token=TOKEN) as github:
        _fill(github)
        shell = shell.having(github_variables(github.url))
        built = shell.run("evaluate", "--history", "acme/shop", "--days", "90")
        assert built.code == 0, built.err
        assert "2 cases with 2 expected defects, 1 clean ones, of 3 merged" in built.out
        rows = [
            json.loads(line)
            for line in (shell.folder / "acme-shop/cases.jsonl").read_text().splitlines()
        ]
        labels = {row["number"]: [e["lines"] for e in row["expected"]] for row in rows}
        assert labels == {1: ["2-2"], 2: ["1-1"], 3: []}
        again = shell.run("evaluate", "--history", "acme/shop")
        assert (again.code, "is there already" in again.err) == (2, True)
    ended = shell.run("evaluate", "acme-shop/cases.jsonl", "--format", "json")
    assert ended.code == 0, ended.err
    assert _by_routing(ended)["tiered"]["found"] >= 1


def test_a_pull_request_on_github_is_a_case_too(shell: Shell, scenario: Scenario) -> None:
    row = {"repo": scenario.repository, "number": scenario.number}
    row |= {"expected": [_line_of(scenario, "SELECT")]}
    cases = shell.write("cases.jsonl", json.dumps(row))
    ended = shell.run("evaluate", cases, "--format", "json")
    assert ended.code == 0, ended.err
    assert _by_routing(ended)["tiered"]["found"] == 1
