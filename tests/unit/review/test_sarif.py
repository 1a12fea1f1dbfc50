"""SARIF as tools really write it, and as those do who wish us ill."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.errors import UsageError
from reviewbot.domain.finding import Category, Severity
from reviewbot.domain.tip import Place, ToolFinding
from reviewbot.review.sarif import MOST_BYTES, MOST_RESULTS, read_sarif

_HOME = "/srv/ci/shop/shop"


def log(*results: dict[str, Any], tool: dict[str, Any] | None = None, **run: Any) -> bytes:
    driver = {"driver": {"name": "Tool", "rules": []}}
    runs = [{"tool": tool or driver, "results": list(results), **run}]
    return json.dumps({"version": "2.1.0", "runs": runs}).encode()


def at(uri: str, start: object = 3, **artifact: Any) -> dict[str, Any]:
    location = {"artifactLocation": {"uri": uri, **artifact}, "region": {"startLine": start}}
    return {"locations": [{"physicalLocation": location}]}


def result(**fields: Any) -> dict[str, Any]:
    return {"ruleId": "R1", "message": {"text": "It breaks."}, **at("src/a.py"), **fields}


def read(raw: bytes) -> tuple[ToolFinding, ...]:
    return read_sarif(raw, "report.sarif", [_HOME])


def only(raw: bytes) -> ToolFinding:
    [found] = read(raw)
    return found


# --- by tool ---------------------------------------------------------------------------------


def test_codeql_keeps_its_rules_in_extensions_and_links_in_messages() -> None:
    rule = {
        "id": "py/sql-injection",
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "external/cwe/cwe-089"],
            "security-severity": "8.8",
        },
    }
    tool = {
        "driver": {"name": "CodeQL", "rules": []},
        "extensions": [{"name": "codeql/python-queries", "rules": [{"id": "other"}, rule]}],
    }
    found = only(
        log(
            {
                "ruleId": "py/sql-injection",
                "rule": {"id": "py/sql-injection", "index": 1, "toolComponent": {"index": 0}},
                "message": {"text": "This query depends on a [user-provided value](1)."},
                "partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1"},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {
                                "uri": "src/orders.py",
                                "uriBaseId": "%SRCROOT%",
                                "index": 0,
                            },
                            "region": {"startLine": 7, "startColumn": 5, "endColumn": 60},
                        }
                    }
                ],
            },
            tool=tool,
        )
    )
    assert found == ToolFinding(
        tool="CodeQL",
        rule="py/sql-injection",
        message="This query depends on a user-provided value.",
        severity=Severity.HIGH,
        category=Category.SECURITY,
        cwe="CWE-89",
        places=(Place("src/orders.py", 7, 7),),
    )


def test_semgrep_names_the_weakness_in_words() -> None:
    rule = {
        "id": "python.lang.security.exec",
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["CWE-95: Improper Neutralization", "MEDIUM CONFIDENCE"]},
    }
    tool = {"driver": {"name": "Semgrep OSS", "semanticVersion": "1.99.0", "rules": [rule]}}
    base = {"%SRCROOT%": {"uri": f"file://{_HOME}/"}}
    raw = log(
        {
            "ruleId": "python.lang.security.exec",
            "message": {"text": "Found dynamic content."},
            **at("src/a.py", uriBaseId="%SRCROOT%"),
        },
        tool=tool,
        originalUriBaseIds=base,
    )
    found = only(raw)
    assert (found.cwe, found.severity) == ("CWE-95", Severity.MEDIUM)
    assert found.places == (Place("src/a.py", 3, 3),)


def test_trivy_starts_from_the_scanned_folder() -> None:
    raw = log(
        result(level="error", **at("Dockerfile", uriBaseId="ROOTPATH")),
        originalUriBaseIds={"ROOTPATH": {"uri": f"file://{_HOME}/services/api/"}},
    )
    assert only(raw).places == (Place("services/api/Dockerfile", 3, 3),)
    elsewhere = log(
        result(**at("Dockerfile", uriBaseId="ROOTPATH")),
        originalUriBaseIds={"ROOTPATH": {"uri": "/"}},
    )
    assert only(elsewhere).places == (Place("/Dockerfile", 3, 3),)


def test_gosec_writes_no_default_level() -> None:
    rule = {"id": "G104", "properties": {"tags": ["security", "HIGH"]}}
    tool = {"driver": {"name": "gosec", "rules": [rule]}}
    found = only(log(result(ruleId="G104", ruleIndex=0, level="error"), tool=tool))
    assert (found.severity, found.category) == (Severity.HIGH, Category.SECURITY)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"file://{_HOME}/src/a%20b.js", "src/a b.js"),
        (f"file:{_HOME}/src/a.js", "src/a.js"),
        (f"{_HOME}/src/a.js", "src/a.js"),
        ("file:///C:/code/shop/src/a.js", "/C:/code/shop/src/a.js"),
        ("C:\\code\\shop\\src\\a.js", "/C:/code/shop/src/a.js"),
        ("./src//a.js", "src/a.js"),
        ("src\\a.js", "src/a.js"),
        ("https://github.com/acme/shop/blob/main/a.js", "/acme/shop/blob/main/a.js"),
        ("src/%C3%A9t%C3%A9.py", "src/été.py"),
        ("src/100%.py", "src/100%.py"),
        (f"file://{_HOME}-other/a.js", f"{_HOME}-other/a.js"),
    ],
)
def test_addresses_become_paths(uri: str, path: str) -> None:
    assert only(log(result(**at(uri)))).places == (Place(path, 3, 3),)


def test_files_may_be_named_in_a_list_of_the_run() -> None:
    location = {"artifactLocation": {"index": 1}, "region": {"startLine": 2, "endLine": 4}}
    raw = log(
        result(locations=[{"physicalLocation": location}]),
        artifacts=[{"location": {"uri": "x"}}, {"location": {"uri": "src/b.py"}}],
    )
    assert only(raw).places == (Place("src/b.py", 2, 4),)


def test_words_may_stand_with_the_rule() -> None:
    rule = {"id": "R1", "messageStrings": {"default": {"text": "{0} beats {1}, not {7}"}}}
    tool = {"driver": {"name": "T", "rules": [rule]}}
    message = {"id": "default", "arguments": ["tea", "coffee"]}
    assert only(log(result(message=message), tool=tool)).message == "tea beats coffee, not {7}"
    rule = {"id": "R1", "shortDescription": {"text": "In short."}}
    tool = {"driver": {"name": "T", "rules": [rule]}}
    assert only(log(result(ruleId="R1/2", message={}), tool=tool)).message == "In short."


@pytest.mark.parametrize(
    ("score", "severity"),
    [("9.8", Severity.CRITICAL), (7, Severity.HIGH), ("4.0", Severity.MEDIUM), (0.1, Severity.LOW)],
)
def test_scores_are_read_as_github_reads_them(score: object, severity: Severity) -> None:
    rule = {"id": "R1", "properties": {"security-severity": score}}
    tool = {"driver": {"name": "T", "rules": [rule]}}
    assert only(log(result(level="note"), tool=tool)).severity is severity


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    text = log(result()).decode()
    assert read(text.encode("utf-8-sig")) == read(text.encode("utf-16")) == read(text.encode())


# --- what does not stand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "stands"),
    [
        ({"suppressions": [{"kind": "inSource"}]}, False),
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, False),
        ({"suppressions": [{"kind": "external", "status": "underReview"}]}, True),
        ({"suppressions": []}, True),
        ({"baselineState": "absent"}, False),
        ({"baselineState": "unchanged"}, True),
        ({"kind": "pass"}, False),
        ({"kind": "fail"}, True),
    ],
)
def test_what_somebody_set_aside_is_left_out(fields: dict[str, Any], stands: bool) -> None:  # noqa: FBT001
    assert bool(read(log(result(**fields)))) is stands


@pytest.mark.parametrize("start", [None, 0, -1, "3", 3.5, True, 10**12, [3]])
def test_a_place_without_a_line_is_none(start: object) -> None:
    assert only(log(result(**at("a.py", start)))).places == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"[" * 100_000,
        b'{"version": "2.1.0"}',
        b'{"version": "2.0.0", "runs": []}',
        b'{"runs": []}',
        b"\xff\xfe\x00",
        b" " * (MOST_BYTES + 1),
        log(*[{}] * (MOST_RESULTS + 1)),
    ],
)
def test_what_is_no_log_is_wrong_use(raw: bytes) -> None:
    with pytest.raises(UsageError, match=r"report\.sarif"):
        read(raw)


def bombs() -> dict[str, bytes]:
    """Small logs that grow beyond any memory, or take hours, where nobody counts."""
    long = {"text": "x" * 3_000_000}
    rules = [{"id": f"r{number}"} for number in range(100_000)]
    ruled = {"driver": {"name": "Tool", "rules": [{"id": "R1", "shortDescription": long}]}}
    tagged = {"driver": {"rules": [{"id": "R1", "properties": {"tags": ["x"] * 300_000}}]}}
    argued = {"text": "{0}" * 300_000, "arguments": ["x" * 1_000_000]}
    return {
        "arguments": log({"message": argued}),
        "a text of a rule": log(*[{"ruleId": "R1"}] * 5_000, tool=ruled),
        "a name": log(*[{}] * 5_000, tool={"driver": {"name": "x" * 3_000_000}}),
        "rules": log(*[{"ruleId": "none/of/them"}] * 5_000, tool={"driver": {"rules": rules}}),
        "extensions": log(*[{"ruleId": "none"}] * 5_000, tool={"extensions": [{}] * 300_000}),
        "tags": log(*[{"ruleId": "R1"}] * 5_000, tool=tagged),
        "folders": log(
            *[at("a.py", uriBaseId="TOP")] * 5_000,
            originalUriBaseIds={"TOP": {"uri": "x/" * 1_000_000}},
        ),
    }


@pytest.mark.parametrize("bomb", bombs())
def test_no_small_log_fills_the_memory_or_takes_long(bomb: str) -> None:
    raw, begun = bombs()[bomb], time.process_time()
    tracemalloc.start()
    try:
        found = read(raw)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found
    assert most < 500 * 2**20
    assert time.process_time() - begun < 30


_NAMES = (
    "tool",
    "driver",
    "results",
    "locations",
    "physicalLocation",
    "artifactLocation",
    "region",
    "startLine",
    "uri",
    "rules",
    "rule",
    "index",
    "toolComponent",
    "id",
    "message",
    "text",
    "arguments",
    "suppressions",
    "properties",
    "uriBaseId",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(st.lists(_JSON, max_size=3), _JSON, _JSON)
def test_json_of_any_shape_is_read_without_a_fault(
    results: list[Any], tool: object, about: object
) -> None:
    run = {"tool": tool, "results": results, "artifacts": about, "originalUriBaseIds": about}
    read(json.dumps({"version": "2.1.0", "runs": [run, about]}).encode())
