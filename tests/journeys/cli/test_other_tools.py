"""``--sarif``: findings of other tools, from their files to the review."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reviewbot.sandbox.github import SandboxGitHub
    from reviewbot.sandbox.model import SandboxModel
    from tests.journeys.cli.driver import Shell

_INJECTION = 37  # the line of src/orders/search.py that builds SQL of a value


def _log(tool: str, *results: dict[str, Any]) -> str:
    run = {"tool": {"driver": {"name": tool, "rules": []}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]})


def _result(rule: str, uri: str, line: int, level: str = "error") -> dict[str, Any]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": f"{rule} says that this is wrong."},
        "locations": [{"physicalLocation": place}],
    }


def _verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {each["tool"]: each["verdict"] for each in report["other_tools"]["findings"]}


def test_reports_are_confirmed_dismissed_or_left_aside(
    shell: Shell, diff: str, model: SandboxModel
) -> None:
    codeql = _log("CodeQL", _result("py/sql", "src/orders/search.py", _INJECTION))
    absolute = f"file://{shell.folder}/src/orders/search.py"
    gosec = _log(
        "Semgrep",
        _result("dull", absolute, _INJECTION - 1, "warning"),
        _result("far", "src/orders/search.py", 9_000),
    )
    names = [shell.write("codeql.sarif", codeql), shell.write("semgrep.sarif", gosec)]
    options = [word for name in names for word in ("--sarif", name)]
    report = shell.run("review", "--diff", diff, "--format", "json", *options).json

    assert _verdicts(report) == {"CodeQL py/sql": "confirmed", "Semgrep dull": "dismissed"}
    assert report["other_tools"]["outside_the_change"] == 1
    shown = [each for each in report["findings"] if each["fate"] != "withheld"]
    [named] = [each for each in shown if each["reported_by"]]
    assert (named["path"], named["reported_by"]) == ("src/orders/search.py", "CodeQL py/sql")
    asked = len(model.calls)
    again = shell.run("review", "--diff", diff, "--format", "json", *options).json
    assert (_verdicts(again), len(model.calls)) == (_verdicts(report), asked)

    told = shell.run("review", "--diff", diff, *options).out
    assert "Findings of other tools" in told
    assert "dismissed: src/orders/search.py:36  Semgrep dull" in told
    assert "1 on no changed line" in told


def test_without_them_nothing_is_asked_again(shell: Shell, diff: str, model: SandboxModel) -> None:
    plain = shell.run("review", "--diff", diff, "--format", "json").json
    asked = len(model.calls)
    report = _log("CodeQL", _result("py/sql", "src/orders/search.py", _INJECTION))
    shell.run("review", "--diff", diff, "--sarif", "-", stdin=report.encode())
    assert len(model.calls) == asked + 1  # the second look at one chunk, with the claim
    again = shell.run("review", "--diff", diff, "--format", "json").json
    assert (again["findings"], len(model.calls)) == (plain["findings"], asked + 1)


def test_what_is_posted_names_the_tool(shell: Shell, pull: str, github: SandboxGitHub) -> None:
    report = _log("CodeQL", _result("py/sql", "src/orders/search.py", _INJECTION))
    shell.run("review", pull, "--post", "--sarif", shell.write("codeql.sarif", report))
    assert any("reported by CodeQL py/sql too" in each["body"] for each in github.review_comments)
    [summary] = github.issue_comments
    assert "Findings of other tools" in summary["body"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("{}", "is no SARIF"),
        ("<html>", "is no JSON"),
        (" " * (10 * 2**20 + 1), "larger than 10 MiB"),
    ],
)
def test_what_is_no_report_is_wrong_use(
    shell: Shell, diff: str, model: SandboxModel, content: str | None, says: str
) -> None:
    if content is not None:
        shell.write("report.sarif", content)
    ended = shell.run("review", "--diff", diff, "--sarif", "report.sarif")
    assert (ended.code, says in ended.err, model.calls) == (2, True, []), ended.err


def test_standard_input_is_read_once(shell: Shell) -> None:
    assert shell.run("review", "--diff", "-", "--sarif", "-").code == 2
