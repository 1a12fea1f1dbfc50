"""How the API writes things down: amounts as exact decimal strings in USD, times in ISO 8601."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import plain_usd
from reviewbot.entrypoints.dashboard.table import Kind, plain_of
from reviewbot.ledger.insight import Group
from reviewbot.ledger.worth import Aspect, cost_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.desk import Dead
    from reviewbot.ledger.forecasts import Accuracy
    from reviewbot.ledger.insight import Gauge, Line
    from reviewbot.ledger.pace import Pace
    from reviewbot.ledger.pull_record import PastCall, PastReview
    from reviewbot.ledger.reviews import Starved
    from reviewbot.ledger.worth import Received, Worth

_KEYS = {
    Group.DAY: ("day",),
    Group.REPOSITORY: ("repository_id",),
    Group.PULL: ("repository_id", "number"),
    Group.MODEL: ("tier", "model"),
    Group.ENDPOINT: ("endpoint",),
}
_WITH_FINDINGS = {Group.PULL, Group.REPOSITORY}
_ASPECTS = {
    Aspect.MODEL: ("tier", "model"),
    Aspect.CATEGORY: ("category",),
    Aspect.REPOSITORY: ("repository_id",),
}


def line(sums: Line, group: Group, names: Mapping[int, str]) -> dict[str, Any]:
    """A line of sums, with what it is about."""
    key = dict(zip(_KEYS[group], sums.key, strict=True))
    if "repository_id" in key:
        key["repository"] = names.get(key["repository_id"], "")
    known = {
        "calls": sums.calls,
        "questions": sums.questions,
        "tokens_in": sums.tokens_in,
        "tokens_out": sums.tokens_out,
        "spent_usd": plain_usd(sums.spent),
        "presumed_usd": plain_usd(sums.presumed),
        "questions_usd": plain_usd(sums.asked),
    }
    if group in {Group.MODEL, Group.ENDPOINT}:
        instead = {"all_on_strong_usd": plain_usd(sums.instead)}
        counts = {"failed": sums.failed, "tokens_cached": sums.tokens_cached}
        return key | known | counts | instead
    known |= {"reviews": sums.reviews, "saved_usd": plain_usd(sums.saved)}
    return key | known | (_worth_its_cost(sums) if group in _WITH_FINDINGS else {})


def life(sums: Line) -> dict[str, Any]:
    """A pull request's sums since it was first seen, which outlive its calls."""
    whole = line(sums, Group.PULL, {})
    return {name: whole[name] for name in whole if name not in {*_KEYS[Group.PULL], "repository"}}


def _worth_its_cost(sums: Line) -> dict[str, Any]:
    """Findings of the same time as the costs, and what reviews cost by them."""
    return {
        "findings": sums.findings,
        "accepted": sums.accepted,
        "cost_per_finding_usd": _usd(cost_each(sums.cost_of_reviews, sums.findings)),
        "cost_per_accepted_usd": _usd(cost_each(sums.cost_of_reviews, sums.accepted)),
    }


def worth(each: Worth, aspect: Aspect, names: Mapping[int, str]) -> dict[str, Any]:
    """What people made of findings that have something in common."""
    key = dict(zip(_ASPECTS[aspect], each.key, strict=True))
    if "repository_id" in key:
        key["repository"] = names.get(key["repository_id"], "")
    return key | {
        "posted": each.posted,
        "accepted": each.accepted,
        "rejected": each.rejected,
        "unknown": each.unknown,
    }


def received(each: Received) -> dict[str, Any]:
    """A finding that was posted on a line, and what people made of it."""
    return {
        "fingerprint": each.fingerprint,
        "title": each.title,
        "severity": each.severity,
        "category": each.category,
        "path": each.path,
        "tier": each.tier,
        "model": each.model,
        "posted_at": plain_of(Kind.TIME, each.at),
        "acceptance": each.acceptance,
        "because": each.because,
    }


def accuracy(of: Accuracy, names: Mapping[int, str]) -> dict[str, Any]:
    """How good forecasts were; errors are shares of what was foreseen."""
    key = {}
    if of.repository_id is not None:
        repository = names.get(of.repository_id, "")
        key = {"repository_id": of.repository_id, "repository": repository}
    return key | {
        "reviews": of.reviews,
        "within_p90": of.within_p90,
        "foreseen_usd": plain_usd(of.foreseen),
        "cost_usd": plain_usd(of.cost),
        "median_error": of.error / 1000 if of.reviews else None,
        "median_lean": of.lean / 1000 if of.reviews else None,
    }


def endpoint(sums: Line, pace: Pace) -> dict[str, Any]:
    """An endpoint's health."""
    return {
        "endpoint": sums.key[0],
        "calls": sums.calls,
        "failed": sums.failed,
        "latency_p50_ms": pace.p50,
        "latency_p95_ms": pace.p95,
        "latency_p99_ms": pace.p99,
        "first_token_p50_ms": pace.first_token_p50,
        "first_token_p95_ms": pace.first_token_p95,
    }


def gauge(counter: Gauge | None) -> dict[str, Any] | None:
    """A limit and what became of it."""
    if counter is None:
        return None
    return {
        "limit_usd": plain_usd(counter.cap),
        "settled_usd": plain_usd(counter.settled),
        "presumed_usd": plain_usd(counter.presumed),
        "reserved_usd": plain_usd(counter.reserved),
    }


def call(past: PastCall) -> dict[str, Any]:
    """One HTTP attempt."""
    return {
        "id": past.id,
        "review_id": past.review_id,
        "repository_id": past.repository_id,
        "repository": past.repository,
        "number": past.number,
        "reserved_at": plain_of(Kind.TIME, past.reserved_at),
        "tier": past.tier,
        "model": past.model,
        "endpoint": past.endpoint,
        "chunks": past.chunks,
        "escalation_reason": past.reason,
        "state": past.state,
        "outcome": past.outcome,
        "error": past.error,
        "tokens_in": past.tokens_in,
        "tokens_out": past.tokens_out,
        "cost_usd": plain_usd(past.cost),
        "bound_usd": plain_usd(past.worst),
        "latency_ms": past.latency_ms,
        "first_token_ms": past.first_token_ms,
    }


def review(past: PastReview) -> dict[str, Any]:
    """A review with its report."""
    return {
        "id": past.id,
        "head_sha": past.head_sha,
        "cause": past.cause,
        "state": past.state,
        "opened_at": plain_of(Kind.TIME, past.opened_at),
        "closed_at": plain_of(Kind.TIME, past.closed_at),
        "saved_usd": plain_usd(past.saved),
        "forecast_p50_usd": _usd(past.foreseen_p50),
        "forecast_p90_usd": _usd(past.foreseen_p90),
        "starved": past.is_starved,
        "report": past.report or None,
    }


def limit(alert: Alert) -> dict[str, Any]:
    """A limit that was reached in part or in full."""
    return {
        "at": plain_of(Kind.TIME, alert.at),
        "scope": alert.kind.value,
        "level": alert.level,
        "spent_usd": plain_usd(alert.spent),
        "limit_usd": plain_usd(alert.cap),
        "repository": alert.repository,
        "number": alert.number,
    }


def starving(each: Starved) -> dict[str, Any]:
    """A review that a limit kept from reading everything."""
    about = {"at": plain_of(Kind.TIME, each.at), "limits": list(each.shortages)}
    return _pull(each.key, each.repository) | about


def dead(each: Dead) -> dict[str, Any]:
    """Work that was given up."""
    return _pull(each.key, each.repository) | {"error": each.error}


def _usd(amount: PicoUsd | None) -> str | None:
    return None if amount is None else plain_usd(amount)


def _pull(key: PullKey, repository: str) -> dict[str, Any]:
    return {
        "repository_id": key.repository_id,
        "repository": repository,
        "number": key.number,
    }
