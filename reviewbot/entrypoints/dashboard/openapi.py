"""The API's description: OpenAPI 3.1, checked against the answers by tests."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from reviewbot.domain.feedback import Acceptance, Because
from reviewbot.domain.finding import Category, Severity
from reviewbot.ledger.insight import Group
from reviewbot.ledger.worth import Aspect

_USD = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "description": "exact, in USD"}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_DAY = {"type": "string", "format": "date"}
_CURSOR = {"type": "string", "pattern": "^[0-9]{1,15}-[0-9a-zA-Z-]{1,64}$"}
_TIME = {"type": "string", "format": "date-time"}
_ID = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}


def _object(required: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (more or {}),
        "required": sorted(required),
        "additionalProperties": False,
    }


def _many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_DATED = {"since": _DAY, "until": _DAY}
_PULL = {"repository_id": {"type": "integer"}, "repository": _TEXT, "number": {"type": "integer"}}
_LINE = {
    "calls": _COUNT,
    "questions": _COUNT,
    "tokens_in": _COUNT,
    "tokens_out": _COUNT,
    "spent_usd": _USD,
    "presumed_usd": _USD,
    "questions_usd": _USD | {"description": "what questions cost: part of settled and presumed"},
}
_PER_FINDING = _or_null(_USD | {"description": "reviews of the time by findings posted in it"})
_SCHEMAS: dict[str, Any] = {
    "Error": _object({"error": _TEXT, "id": _TEXT}),
    "Line": _object(
        _LINE,
        {
            "day": _DAY,
            "repository_id": {"type": "integer"},
            "repository": _TEXT,
            "number": {"type": "integer"},
            "tier": _TEXT,
            "model": _TEXT,
            "endpoint": _TEXT,
            "reviews": _COUNT,
            "saved_usd": _USD,
            "findings": _COUNT,
            "accepted": _COUNT,
            "cost_per_finding_usd": _PER_FINDING,
            "cost_per_accepted_usd": _PER_FINDING,
            "failed": {"type": "integer"},
            "tokens_cached": _COUNT,
            "all_on_strong_usd": _USD,
        },
    ),
    "Budget": _object(
        {"limit_usd": _USD, "settled_usd": _USD, "presumed_usd": _USD, "reserved_usd": _USD}
    ),
    "Repository": _object(
        {
            "id": {"type": "integer"},
            "name": _TEXT,
            "month": _TEXT,
            "budget": _or_null(_ref("Budget")),
        }
    ),
    "Call": _object(
        _PULL
        | {
            "id": _TEXT,
            "review_id": _TEXT,
            "reserved_at": _TIME,
            "tier": _TEXT,
            "model": _TEXT,
            "endpoint": _TEXT,
            "chunks": _TEXT,
            "escalation_reason": _TEXT,
            "state": {"enum": ["reserved", "settled", "presumed"]},
            "outcome": _TEXT,
            "error": _TEXT,
            "tokens_in": _COUNT,
            "tokens_out": _COUNT,
            "cost_usd": _USD,
            "bound_usd": _USD,
            "latency_ms": _COUNT,
            "first_token_ms": _COUNT,
        }
    ),
    "Review": _object(
        {
            "id": _TEXT,
            "head_sha": _TEXT,
            "cause": _TEXT,
            "state": _TEXT,
            "opened_at": _TIME,
            "closed_at": _or_null(_TIME),
            "saved_usd": _USD,
            "forecast_p50_usd": _or_null(_USD),
            "forecast_p90_usd": _or_null(_USD),
            "starved": {"type": "boolean"},
            "report": {"type": ["object", "null"], "description": "as `--format json` prints it"},
        }
    ),
    "Worth": _object(
        {"posted": _COUNT, "accepted": _COUNT, "rejected": _COUNT, "unknown": _COUNT},
        {
            "repository_id": {"type": "integer"},
            "repository": _TEXT,
            "tier": _TEXT,
            "model": _TEXT,
            "category": _TEXT,
        },
    ),
    "Received": _object(
        {
            "fingerprint": _TEXT,
            "title": _TEXT,
            "severity": {"enum": [*Severity]},
            "category": {"enum": [*Category]},
            "path": _TEXT,
            "tier": _TEXT,
            "model": _TEXT,
            "posted_at": _TIME,
            "acceptance": {"enum": [*Acceptance]},
            "because": {"enum": [*Because]},
        }
    ),
    "Accuracy": _object(
        {
            "reviews": _COUNT,
            "within_p90": _COUNT,
            "foreseen_usd": _USD,
            "cost_usd": _USD,
            "median_error": {"type": ["number", "null"], "description": "share of the forecast"},
            "median_lean": {"type": ["number", "null"], "description": "above 0: cost more"},
        },
        {"repository_id": {"type": "integer"}, "repository": _TEXT},
    ),
    "Endpoint": _object(
        {
            "endpoint": _TEXT,
            "calls": _COUNT,
            "failed": {"type": "integer"},
            **{
                name: {"type": ["integer", "null"]}
                for name in (
                    *("latency_p50_ms", "latency_p95_ms", "latency_p99_ms"),
                    *("first_token_p50_ms", "first_token_p95_ms"),
                )
            },
        }
    ),
    "LimitAlert": _object(
        {
            "at": _TIME,
            "scope": _TEXT,
            "level": _COUNT,
            "spent_usd": _USD,
            "limit_usd": _USD,
            "repository": _TEXT,
            "number": {"type": "integer"},
        }
    ),
    "Starved": _object(_PULL | {"at": _TIME, "limits": {"type": "array", "items": _TEXT}}),
    "Quarantined": _object({"endpoint": _TEXT, "why": _TEXT}),
    "Dead": _object(_PULL | {"error": _TEXT}),
    "Costs": _object(_DATED | {"by": {"enum": [*Group]}, "lines": _many("Line")}),
    "Repositories": _object({"repositories": _many("Repository")}),
    "Pulls": _object(_DATED | {"pulls": _many("Line")}),
    "Pull": _object(
        _PULL
        | {
            "budget": _or_null(_ref("Budget")),
            "whole_life": _ref("Line"),
            "reviews": _many("Review"),
            "calls": _many("Call"),
            "findings": _many("Received"),
        }
    ),
    "Acceptance": _object(_DATED | {"by": {"enum": [*Aspect]}, "lines": _many("Worth")}),
    "Calls": _object(_DATED | {"calls": _many("Call"), "next": {"type": ["string", "null"]}}),
    "Forecasts": _object(_DATED | {"total": _ref("Accuracy"), "lines": _many("Accuracy")}),
    "Endpoints": _object(
        _DATED | {"sla_percent": {"type": ["number", "null"]}, "lines": _many("Endpoint")}
    ),
    "Alerts": _object(
        _DATED
        | {
            "limits": _many("LimitAlert"),
            "starved": _many("Starved"),
            "quarantined": _many("Quarantined"),
            "dead": _many("Dead"),
        }
    ),
}


def _parameter(
    name: str, schema: dict[str, Any], says: str, place: str = "query"
) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema,
        "description": says,
    }


_SPAN = [
    _parameter("since", _DAY, "the first day (UTC); 30 days before `until` without it"),
    _parameter("until", _DAY, "the last day (UTC); today without it"),
    _parameter("team", _TEXT, "only the repositories of this team of `[dashboard.teams]`"),
]
_OF_REPOSITORY = _parameter("repository_id", _ID, "GitHub's id; only this repository")
_LIMIT = _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "so many at most")
_NUMBER = _parameter("number", _ID, "only this pull request's number")
_AFTER = _parameter("after", _CURSOR, "`next` of the page before")
_BY = _parameter("by", {"enum": [*Group]}, "what the lines are; `repository` without it")
_ASPECT = _parameter("by", {"enum": [*Aspect]}, "what the lines are; `model` without it")
_PATH_PARTS = [
    _parameter("repository_id", _ID, "GitHub's id", "path"),
    _parameter("number", _ID, "the pull request's number", "path"),
]


def _get(summary: str, name: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    told = {
        "400": "a parameter that is none",
        "401": "nobody who may look",
        "404": "not there, or hidden from whoever asks",
        "503": "the ledger, or GitHub's word on rights, cannot be had now",
    }
    return {
        "get": {
            "summary": summary,
            "operationId": f"get{name}",
            "parameters": parameters,
            "responses": {
                "200": {"description": "the figures", "content": _json(_ref(name))},
                **{
                    status: {"description": says, "content": _json(_ref("Error"))}
                    for status, says in told.items()
                },
            },
        }
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def description() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "reviewbot's costs",
            "version": version("reviewbot"),
            "description": "What reviews cost, of the repositories that the caller may read.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "paths": {
            "/costs": _get("Sums", "Costs", [_BY, *_SPAN, _OF_REPOSITORY, _LIMIT]),
            "/repositories": _get("Repositories and their budgets", "Repositories", [_SPAN[-1]]),
            "/pulls": _get("Pull requests by cost", "Pulls", [*_SPAN, _OF_REPOSITORY, _LIMIT]),
            "/pulls/{repository_id}/{number}": _get("One pull request", "Pull", _PATH_PARTS),
            "/acceptance": _get(
                "What people made of findings", "Acceptance", [_ASPECT, *_SPAN, _OF_REPOSITORY]
            ),
            "/calls": _get(
                "Calls by time", "Calls", [*_SPAN, _OF_REPOSITORY, _NUMBER, _LIMIT, _AFTER]
            ),
            "/forecasts": _get("How good forecasts were", "Forecasts", [*_SPAN, _OF_REPOSITORY]),
            "/endpoints": _get(
                "Endpoints' health and latency", "Endpoints", [*_SPAN, _OF_REPOSITORY]
            ),
            "/alerts": _get("What needs a person", "Alerts", _SPAN),
        },
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "[dashboard] token"},
                "session": {"type": "apiKey", "in": "cookie", "name": "reviewbot_session"},
            },
        },
    }
