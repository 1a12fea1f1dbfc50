"""A report as SARIF 2.1.0 (OASIS), as GitHub code scanning reads it."""

from __future__ import annotations

from collections import Counter
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reviewbot.domain.finding import Category, Severity, Side

if TYPE_CHECKING:
    from reviewbot.domain.diff import Anchor
    from reviewbot.domain.finding import Finding
    from reviewbot.domain.outcome import Judged, Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub shows these as critical, high, medium and low.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def as_sarif(report: Report) -> dict[str, Any]:
    """One run with every open finding; fingerprints survive moved lines."""
    findings = report.open_findings
    seen = Counter[str]()
    rules: dict[str, Finding] = {}  # each by its gravest finding, as findings come
    for judged in findings:
        rules.setdefault(_rule_id(judged.finding), judged.finding)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "reviewbot",
                        "semanticVersion": metadata.version("reviewbot"),
                        "rules": [_rule(name, finding) for name, finding in rules.items()],
                    }
                },
                "automationDetails": {"id": "reviewbot/"},
                "columnKind": "utf16CodeUnits",
                "results": [_result(judged, seen) for judged in findings],
                "properties": {"complete": report.receipt.complete},
            }
        ],
    }


def _region(anchor: Anchor | None) -> dict[str, int]:
    """The lines in the head; GitHub asks for some, and shows a whole file's at the first."""
    if anchor is None or anchor.side is not Side.RIGHT:
        return {"startLine": 1}
    return {"startLine": anchor.start_line, "endLine": anchor.line}


def _rule_id(finding: Finding) -> str:
    return finding.rule or finding.cwe or f"reviewbot/{finding.category}"


def _rule(name: str, finding: Finding) -> dict[str, Any]:
    tags = [finding.category.value]
    if finding.cwe:
        tags.append(f"external/cwe/{finding.cwe.lower()}")
    properties: dict[str, Any] = {"tags": tags}
    if finding.category is Category.SECURITY or finding.cwe:  # the score makes it one of security
        properties["security-severity"] = _SECURITY_SEVERITY[finding.severity]
    return {
        "id": name,
        "name": name,
        "shortDescription": {"text": f"{finding.category.value.capitalize()} ({name})"},
        "properties": properties,
    }


def _result(judged: Judged, seen: Counter[str]) -> dict[str, Any]:
    finding = judged.finding
    location = {"artifactLocation": {"uri": _uri(finding.path)}, "region": _region(judged.anchor)}
    return {
        "ruleId": _rule_id(finding),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.title}\n\n{finding.explanation}".strip()},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": _fingerprints(judged.fingerprint, seen),
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence,
            "tier": judged.tier.value,
            "model": judged.model,
        },
    }


def _fingerprints(fingerprint: str, seen: Counter[str]) -> dict[str, str]:
    """GitHub follows alerts by its own name for it alone, with a count where it is the same."""
    seen[fingerprint] += 1
    return {
        "primaryLocationLineHash": f"{fingerprint}:{seen[fingerprint]}",
        "reviewbot/v1": fingerprint,
    }


def _uri(path: str) -> str:
    return quote(path)
