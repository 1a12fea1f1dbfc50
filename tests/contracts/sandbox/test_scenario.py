from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.sandbox.reader import answer
from reviewbot.sandbox.scenario import Scenario, load_scenario
from tests.contracts.sandbox.prompts import fenced, rows_by_path

if TYPE_CHECKING:
    from pathlib import Path

_FOUND_BY_STATUS = (
    "    rows = db.execute("
    "f\"SELECT id, customer, status, cents FROM orders WHERE status = '{status}'\")"
)
# What the planted defects are, by file: the decisive line, and the cheap model's words.
PLANTED = {
    "src/orders/search.py": (
        _FOUND_BY_STATUS,
        ("security", "critical", 0.92),
    ),
    "src/payments/webhook.py": (
        '        book_payment(event["order"], event["cents"], event.get("currency", "EUR"))',
        ("security", "high", 0.55),
    ),
    "src/files/download.py": (
        '    path = UPLOADS / g.customer.folder / request.args["name"]',
        ("security", "critical", 0.85),
    ),
    "web/src/cart.ts": (
        "    api.post(`/carts/${this.id}/checkout`, { total: this.total });",
        ("concurrency", "medium", 0.82),
    ),
    "src/stats/average.py": (
        "    return round(sum(paid) / len(paid))",
        ("correctness", "medium", 0.8),
    ),
    "tests/test_search.py": ("    assert len(found) >= 0", ("testing", "medium", 0.78)),
    "src/cache/keys.py": (
        "    digest = hashlib.md5(key.encode()).hexdigest()",
        ("security", "high", 0.8),
    ),
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario()


@pytest.fixture(scope="module")
def shown(scenario: Scenario) -> dict[str, list[str]]:
    redacted = re.sub(r"ghp_\w{36}", "[redacted: GitHub token]", scenario.diff.decode())
    return rows_by_path(redacted)


def second_look(path: str, rows: list[str]) -> dict[str, Any]:
    """The strong model's answer to what the cheap one says of a file."""
    findings = answer(fenced(path, rows), strong=False)["findings"]
    claims = [
        {
            "id": f"c{index}",
            "path": path,
            "side": found["side"],
            "line": found["start_line"],
            "quote": found["quote"],
            "claim": found["title"],
        }
        for index, found in enumerate(findings)
    ]
    return answer(fenced(path, rows, claims), strong=True)


def test_git_applies_the_diff_to_the_base_files(scenario: Scenario, tmp_path: Path) -> None:
    for path, text in scenario.base_files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8", newline="")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    # The picture's bytes are not in the diff, as GitHub serves it.
    subprocess.run(
        ["git", "apply", "--exclude=assets/logo.png", "-"],
        input=scenario.diff,
        cwd=tmp_path,
        check=True,
    )

    assert "def by_status" in (tmp_path / "src/orders/search.py").read_text(encoding="utf-8")
    assert (tmp_path / "docs/search.md").is_file()
    assert not (tmp_path / "docs/searching.md").exists()


def test_the_diff_holds_one_of_each_kind_of_change(scenario: Scenario) -> None:
    text = scenario.diff.decode()

    assert "Binary files /dev/null and b/assets/logo.png differ" in text
    assert "rename to docs/search.md" in text
    assert "+++ b/package-lock.json" in text
    assert len(re.findall(r"(?m)^diff --git ", text)) == 11


def test_one_added_line_has_a_tokens_form_once_it_is_loaded(scenario: Scenario) -> None:
    assert len(re.findall(rb"(?m)^\+.*\"ghp_[A-Za-z0-9]{36}\"", scenario.diff)) == 1


def test_the_base_brings_its_policy(scenario: Scenario) -> None:
    assert "sensitive_paths" in scenario.base_files[".reviewbot.yml"]


@pytest.mark.parametrize("path", PLANTED)
def test_the_cheap_model_finds_exactly_the_planted_line(
    path: str, shown: dict[str, list[str]]
) -> None:
    quote, judged = PLANTED[path]

    (found,) = answer(fenced(path, shown[path]), strong=False)["findings"]

    assert found["quote"] == quote
    assert f"{found['start_line']} + {quote}" in shown[path]
    assert (found["category"], found["severity"], found["confidence"]) == judged


def test_files_without_a_planted_defect_are_quiet(shown: dict[str, list[str]]) -> None:
    for path in shown.keys() - PLANTED.keys():
        for strong in (False, True):
            assert answer(fenced(path, shown[path]), strong=strong)["findings"] == []


@pytest.mark.parametrize(
    ("path", "verdict", "severity", "confidence"),
    [
        ("src/orders/search.py", "confirmed", "critical", 0.96),
        ("src/payments/webhook.py", "confirmed", "high", 0.9),
        ("src/files/download.py", "corrected", "high", 0.93),
        ("web/src/cart.ts", "confirmed", "medium", 0.9),
        ("src/stats/average.py", "confirmed", "medium", 0.9),
        ("tests/test_search.py", "confirmed", "medium", 0.9),
    ],
)
def test_the_strong_model_stands_behind_the_real_ones(
    path: str, verdict: str, severity: str, confidence: float, shown: dict[str, list[str]]
) -> None:
    (ruling,) = second_look(path, shown[path])["verdicts"]

    assert ruling["verdict"] == verdict
    assert ruling["finding"]["quote"] == PLANTED[path][0]
    assert (ruling["finding"]["severity"], ruling["finding"]["confidence"]) == (
        severity,
        confidence,
    )


def test_the_strong_model_disproves_the_hash_by_a_shown_line(shown: dict[str, list[str]]) -> None:
    (ruling,) = second_look("src/cache/keys.py", shown["src/cache/keys.py"])["verdicts"]

    assert ruling["verdict"] == "rejected"
    assert ruling["finding"] is None
    (quoted,) = re.findall(r"`([^`]+)`", ruling["reason"])
    assert any(quoted in row for row in shown["src/cache/keys.py"])


def test_the_strong_model_alone_sees_the_lost_constant_time_comparison(
    shown: dict[str, list[str]],
) -> None:
    own = {path: second_look(path, rows)["findings"] for path, rows in shown.items()}

    (found,) = own.pop("src/payments/webhook.py")
    assert "expected_signature(secret, body) != given" in found["quote"]
    assert not any(own.values())


def test_the_injection_is_mended_by_one_line_that_binds_the_value(
    shown: dict[str, list[str]],
) -> None:
    path = "src/orders/search.py"

    (found,) = answer(fenced(path, shown[path]), strong=False)["findings"]

    assert found["suggestion"] == (
        "    rows = db.execute("
        '"SELECT id, customer, status, cents FROM orders WHERE status = ?", (status,))'
    )
