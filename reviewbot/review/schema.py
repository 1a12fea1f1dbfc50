"""The JSON Schemas of the answers, in the strict form that endpoints accept."""

from __future__ import annotations

import json
from typing import Any

from reviewbot.domain.finding import Category, Severity, Side, Tier, Verdict

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}


def _object(properties: dict[str, Any], kind: str | list[str] = "object") -> dict[str, Any]:
    """Strict mode wants every property required and no others."""
    return {
        "type": kind,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_FINDING = {
    "path": _TEXT,
    "side": {"type": "string", "enum": [side.value for side in Side]},
    "start_line": {"type": "integer"},
    "end_line": {"type": "integer"},
    "quote": _TEXT,
    "category": {"type": "string", "enum": [category.value for category in Category]},
    "title": _TEXT,
    "explanation": _TEXT,
    "suggestion": _TEXT_OR_NULL,
    "cwe": _TEXT_OR_NULL,
    "rule": _TEXT_OR_NULL,
    "severity": {"type": "string", "enum": [severity.value for severity in Severity]},
    "confidence": {"type": "number"},
}
_VERDICT = {
    "id": _TEXT,
    "verdict": {"type": "string", "enum": [verdict.value for verdict in Verdict]},
    "reason": _TEXT,
    "finding": _object(_FINDING, ["object", "null"]),
}


def answer_schema(tier: Tier) -> str:
    """The schema that a tier's answer follows, as compact JSON text."""
    properties: dict[str, Any] = {"findings": {"type": "array", "items": _object(_FINDING)}}
    if tier is Tier.STRONG:
        properties["verdicts"] = {"type": "array", "items": _object(_VERDICT)}
    properties |= {"risk": {"type": "number"}, "summary": _TEXT}
    return json.dumps(_object(properties), separators=(",", ":"))
