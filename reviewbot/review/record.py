"""A review as JSON: the same for ``--format json``, the ledger and the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import plain_usd
from reviewbot.domain.outcome import Coverage

if TYPE_CHECKING:
    from reviewbot.domain.forecast import Forecast
    from reviewbot.domain.outcome import Bill, Escalation, Judged, Receipt, Report, Shortage
    from reviewbot.domain.tip import Tip
    from reviewbot.domain.walkthrough import FileChange

VERSION = 1


def as_json(report: Report) -> dict[str, Any]:
    """Everything of a report in plain values; amounts are exact decimal strings in USD."""
    pull, bill = report.pull, report.bill
    return {
        "version": VERSION,
        "pull_request": {
            "repository": pull.repository,
            "number": pull.key.number,
            "head_sha": pull.head_sha,
            "base_sha": pull.base_sha,
        },
        "complete": report.receipt.complete,
        "reaches_fail_on": report.reaches_gate,
        "findings": [_judged(judged) for judged in report.findings],
        "receipt": _receipt(report.receipt),
        "escalations": [_escalation(each) for each in report.escalations],
        "cost": _cost(bill),
        "forecast": report.forecast and _forecast(report.forecast, bill),
        "walkthrough": [_change(each) for each in report.walkthrough],
        "other_tools": {
            "findings": [_tip(tip) for tip in report.tips.tips],
            "outside_the_change": report.tips.outside,
        },
        "shortages": [plain_shortage(each) for each in report.shortages],
        "since_last": report.since
        and {"fixed": report.since.fixed, "open": report.since.still_open},
    }


def _cost(bill: Bill) -> dict[str, Any]:
    return {
        "spent_usd": plain_usd(bill.spent),
        "presumed_usd": plain_usd(bill.presumed),
        "saved_usd": plain_usd(bill.saved),
        "saved_tokens": bill.saved_tokens,
        "pull_request_total_usd": plain_usd(bill.pr_total),
        "pull_request_limit_usd": plain_usd(bill.pr_limit),
        "tokens_in": bill.tokens_in,
        "tokens_out": bill.tokens_out,
        "calls": bill.calls,
    }


def _forecast(expected: Forecast, bill: Bill) -> dict[str, Any]:
    """What was said beforehand, and whether the review stayed within it."""
    cost = bill.spent + bill.presumed
    return {
        "p50_usd": plain_usd(expected.p50),
        "p90_usd": plain_usd(expected.p90),
        "bound_usd": plain_usd(expected.bound),
        "learned_from_reviews": expected.learned_from,
        "within_p90": cost <= expected.p90,
    }


def _escalation(each: Escalation) -> dict[str, Any]:
    return {
        "path": each.path,
        "reason": each.reason,
        "done": each.done,
        "over_budget": each.over_budget,
        "confirmed": each.confirmed,
        "rejected": each.rejected,
    }


def _change(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "added": change.added,
        "deleted": change.deleted,
        "summary": " ".join(change.summaries),
        "risk": change.risk,
    }


def _tip(tip: Tip) -> dict[str, Any]:
    finding = tip.finding
    return {
        "tool": finding.reported_by,
        "path": finding.path,
        "line": finding.start_line,
        "severity": finding.severity.value,
        "title": finding.title,
        "verdict": tip.hearing.value.replace(" ", "_"),
        "why": tip.why,
    }


def plain_shortage(shortage: Shortage) -> dict[str, Any]:
    """A limit that refused calls; amounts are exact decimal strings in USD."""
    return {
        "scope": shortage.scope,
        "limit_usd": plain_usd(shortage.limit),
        "spent_usd": plain_usd(shortage.spent),
        "needed_usd": plain_usd(shortage.needed),
        "calls_refused": shortage.refused,
    }


def _judged(judged: Judged) -> dict[str, Any]:
    finding, anchor = judged.finding, judged.anchor
    return {
        "fingerprint": judged.fingerprint,
        "path": finding.path,
        "anchor": anchor
        and {
            "path": anchor.path,
            "side": anchor.side.value,
            "start_line": anchor.start_line,
            "line": anchor.line,
        },
        "category": finding.category.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence,
        "title": finding.title,
        "explanation": finding.explanation,
        "quote": finding.quote,
        "suggestion": finding.suggestion,
        "cwe": finding.cwe,
        "rule": finding.rule,
        "reported_by": finding.reported_by,
        "tier": judged.tier.value,
        "model": judged.model,
        "standing": judged.standing.value,
        "fate": judged.fate.value,
        "why": judged.why,
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "segments": len(receipt.entries),
        "counts": {c.value.replace(" ", "_"): receipt.count(c) for c in Coverage},
        "added_lines": {c.value.replace(" ", "_"): receipt.added_lines(c) for c in Coverage},
        "entries": [
            {
                "path": entry.segment.path,
                "lines": entry.segment.lines,
                "added": entry.segment.added,
                "class": entry.coverage.value,
                "detail": entry.detail,
            }
            for entry in receipt.entries
        ],
    }
