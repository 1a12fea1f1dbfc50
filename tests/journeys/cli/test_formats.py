"""The formats of a review: each is whole, and what other programs expect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from reviewbot.sandbox.scenario import Scenario
    from tests.journeys.cli.driver import Shell

# As schemastore.org serves it (Apache-2.0), with OASIS's own $id.
_SCHEMA = Path(__file__).parents[2] / "golden" / "sarif" / "sarif-schema-2.1.0.json"


@pytest.fixture(scope="module")
def sarif_schema() -> jsonschema.Draft7Validator:
    """What SARIF 2.1.0 allows."""
    schema = json.loads(_SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(
        schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )


def _results(log: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Results by the file that they are about."""
    return {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: each
        for each in log["runs"][0]["results"]
    }


def test_sarif_is_valid_and_places_every_finding(
    shell: Shell, diff: str, sarif_schema: jsonschema.Draft7Validator
) -> None:
    log = shell.run("review", "--diff", diff, "--format", "sarif").json

    sarif_schema.validate(log)
    [run] = log["runs"]
    assert len(run["results"]) == 8
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert {result["ruleId"] for result in run["results"]} == set(rules)
    found = _results(log)["src/orders/search.py"]
    assert found["level"] == "error"
    assert found["ruleId"] == "CWE-89"
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 37, "endLine": 37}


def test_code_scanning_knows_a_finding_again_where_its_line_moved(
    shell: Shell, scenario: Scenario
) -> None:
    head = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n"
    line = "+mean = sum(values) / len(values)\n"
    first = f"{head}@@ -1,1 +1,2 @@\n import math\n{line}"
    moved = f"{head}@@ -8,1 +8,2 @@\n import math\n{line}"

    def names(change: str) -> list[str]:
        log = shell.run("review", "--diff", "-", "--format", "sarif", stdin=change.encode()).json
        found = log["runs"][0]["results"]
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in found]

    [name] = names(first)
    assert re.fullmatch(r"[0-9a-f]{16,}:1", name)
    assert names(moved) == [name]
    every = names(scenario.diff.decode())
    assert len(set(every)) == len(every) > 1


def test_only_security_has_a_security_score(shell: Shell, diff: str) -> None:
    log = shell.run("review", "--diff", diff, "--format", "sarif").json
    about = [rule["properties"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    of_security = [
        each for each in about if any("security" in tag or "cwe" in tag for tag in each["tags"])
    ]
    assert 0 < len(of_security) < len(about)
    assert [each for each in about if "security-severity" in each] == of_security


def test_sarif_of_odd_names_deleted_lines_and_gaps_is_valid(
    shell: Shell, sarif_schema: jsonschema.Draft7Validator
) -> None:
    diff = (
        'diff --git "a/odd name#%\\303\\251?.py" "b/odd name#%\\303\\251?.py"\n'
        '--- "a/odd name#%\\303\\251?.py"\n+++ "b/odd name#%\\303\\251?.py"\n'
        "@@ -1,2 +1,2 @@\n-digest = 1\n+mean = sum(values) / len(values)\n x = 1\n"
    )
    whole = shell.run("review", "--diff", "-", "--format", "sarif", stdin=diff.encode())
    unread = shell.run(
        *("review", "--diff", "-", "--format", "sarif", "--max-cost", "0"),
        stdin=diff.replace("values", "numbers").encode(),
    )

    sarif_schema.validate(whole.json)
    assert list(_results(whole.json)) == ["odd%20name%23%25%C3%A9%3F.py"]
    assert unread.code == 3
    sarif_schema.validate(unread.json)
    assert unread.json["runs"][0]["properties"] == {"complete": False}


def test_sarif_of_nothing_found_is_valid(
    shell: Shell, sarif_schema: jsonschema.Draft7Validator
) -> None:
    ended = shell.run("review", "--diff", "-", "--format", "sarif")

    sarif_schema.validate(ended.json)
    assert ended.json["runs"][0]["results"] == []


def test_json_accounts_for_every_finding_and_segment(shell: Shell, diff: str) -> None:
    report = shell.run("review", "--diff", diff, "--format", "json").json

    assert report["complete"] is True
    assert [finding["fate"] for finding in report["findings"]].count("withheld") == 1
    assert sum(report["receipt"]["counts"].values()) == report["receipt"]["segments"] == 15
    assert {finding["tier"] for finding in report["findings"]} == {"local", "cheap", "strong"}


def test_markdown_is_the_summary_and_every_finding(shell: Shell, diff: str) -> None:
    said = shell.run("review", "--diff", diff, "--format", "markdown").out

    assert said.startswith("### reviewbot: 1 critical, 3 high, 4 medium\n")
    assert "#### `src/orders/search.py:37`" in said
    assert "```suggestion" in said


def test_a_secret_in_the_diff_is_shown_in_no_format(
    shell: Shell, diff: str, scenario: Scenario
) -> None:
    token = re.search(rb"ghp_\w+", scenario.diff)
    assert token
    for form in ("text", "json", "markdown", "sarif"):
        said = shell.run("review", "--diff", diff, "--format", form).out
        assert "Secret committed: GitHub token" in said
        assert token[0].decode() not in said


def test_foreign_text_cannot_steer_the_terminal(shell: Shell) -> None:
    escape = "\x1b]0;owned\x07\u202e"
    diff = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,2 @@\n import math\n"
        f"+mean = sum(values) / len(values)  # {escape}\n"
    )
    ended = shell.run("review", "--diff", "-", stdin=diff.encode())

    assert "MEDIUM correctness" in ended.out
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out)
