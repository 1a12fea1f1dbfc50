"""An evaluation as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import format_usd, plain_usd
from reviewbot.entrypoints.formats import tables
from reviewbot.entrypoints.formats.tables import Column, Row
from reviewbot.lab.evaluation import frontier
from reviewbot.lab.evaluation_page import percent
from reviewbot.lab.matrix import fixed

if TYPE_CHECKING:
    from fractions import Fraction

    from reviewbot.lab.evaluation import Evaluation, Figures, Result
    from reviewbot.lab.scoring import Claim

_DECIMALS = 6  # of shares, for machines

_COLUMNS = (
    Column("routing", text=True),
    Column("F1"),
    Column("95 %", rank=2),
    Column("precision"),
    Column("recall"),
    Column("right\nline", rank=1),
    Column("noise on\nclean", rank=3),
    Column("USD per\ncase"),
    Column("USD per\nfound", rank=1),
    Column("unbeaten", rank=2, text=True),
)


def show(evaluation: Evaluation) -> None:
    """A table and its notes, for people."""
    known = evaluation.figures()
    unbeaten = {each.routing for each in frontier(known)}
    cases = len({str(result.case) for result in evaluation.results})
    out = tables.console()
    title = f"{cases} labelled case{'' if cases == 1 else 's'}"
    rows = [_row(each, unbeaten=each.routing in unbeaten) for each in known]
    tables.show(out, title, _COLUMNS, rows)
    tables.note(out, evaluation.notes())


def _row(each: Figures, *, unbeaten: bool) -> Row:
    return Row(
        (
            each.routing,
            percent(each.f1),
            f"{each.low * 100:.0f}–{each.high * 100:.0f}%",
            f"{percent(each.precision)} ({each.found}/{each.claims})",
            f"{percent(each.recall)} ({each.found}/{each.expected})",
            percent(each.line_accuracy),
            f"{each.noise} on {each.clean}" if each.clean else "–",
            format_usd(each.per_case),
            "–" if each.per_found is None else format_usd(each.per_found),
            "yes" if unbeaten else "no",
        )
    )


def plain(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation for machines: shares and amounts as decimal strings."""
    known = evaluation.figures()
    return {
        "at": evaluation.at.isoformat(),
        "tolerance": evaluation.tolerance,
        "judge": evaluation.judge or None,
        "judge_usd": plain_usd(evaluation.judged_for),
        "skipped": evaluation.skipped,
        "routings": [_figures(each) for each in known],
        "frontier": [each.routing for each in frontier(known)],
        "results": [_result(result) for result in evaluation.results],
        "notes": evaluation.notes(),
    }


def _figures(each: Figures) -> dict[str, Any]:
    return {
        "routing": each.routing,
        "cases": each.cases,
        "expected": each.expected,
        "claims": each.claims,
        "found": each.found,
        "precision": _share(each.precision),
        "recall": _share(each.recall),
        "f1": _share(each.f1),
        "f1_95": [round(each.low, _DECIMALS), round(each.high, _DECIMALS)],
        "line_accuracy": _share(each.line_accuracy),
        "clean_cases": each.clean,
        "noise": each.noise,
        "unread": each.unread,
        "failed": each.failed,
        "usd": plain_usd(each.cost),
        "usd_per_case": plain_usd(each.per_case),
        "usd_per_found": None if each.per_found is None else plain_usd(each.per_found),
    }


def _result(result: Result) -> dict[str, Any]:
    hit = {each.claim: each.expected for each in result.score.hits}
    found = set(hit.values())
    expected = result.case.expected
    return {
        "case": str(result.case),
        "routing": result.routing,
        "usd": plain_usd(result.cost),
        "unread": result.unread,
        "failed": result.failed or None,
        "claims": [_claim(claim, hit.get(number)) for number, claim in enumerate(result.claims)],
        "missed": [
            {"path": label.path, "lines": f"{label.start_line}-{label.end_line}"}
            for number, label in enumerate(expected)
            if number not in found
        ],
    }


def _claim(claim: Claim, expected: int | None) -> dict[str, Any]:
    return {
        "path": claim.path,
        "lines": f"{claim.start_line}-{claim.end_line}",
        "severity": claim.severity,
        "tier": claim.tier,
        "text": claim.text,
        "on_a_proven_line": claim.proven,
        "expected": expected,
    }


def _share(share: Fraction | None) -> str | None:
    return None if share is None else fixed(share, _DECIMALS)
