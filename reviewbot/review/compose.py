"""All wording that people read on GitHub: comments, the review, the summary, the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Severity, Tier
from reviewbot.domain.money import format_usd
from reviewbot.domain.outcome import Coverage, Fate
from reviewbot.domain.posted import PostedFinding, digest_of
from reviewbot.review import suggest, wording
from reviewbot.review.ports import Annotation, Check, Comment, Conclusion, Publication
from reviewbot.review.shortages import budget_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from reviewbot.domain.diff import Anchor
    from reviewbot.domain.outcome import Bill, Judged, Receipt, Report

_BADGES = {
    Severity.CRITICAL: "🟥",
    Severity.HIGH: "🟧",
    Severity.MEDIUM: "🟨",
    Severity.LOW: "🟦",
    Severity.INFO: "⬜",
}
_LISTED = 30  # findings or segments in one list; the rest is counted
_NAMED = 3  # segments named in the receipt's line
_LONGEST = 60_000  # characters of a body; GitHub's limit is 65,536


def compose(
    report: Report, review_id: str, incomplete: Literal["neutral", "block"] = "neutral"
) -> Publication:
    """Everything that a review says; *incomplete* is the policy's word for unread code."""
    fresh = [judged for judged in report.findings if judged.fate is Fate.COMMENT]
    comments = tuple(
        Comment(judged.anchor, comment_body(judged), _posted(judged, judged.anchor))
        for judged in fresh
        if judged.anchor is not None
    )
    return Publication(
        pull=report.pull,
        review_id=review_id,
        body=_review_body(report) if comments else "",
        comments=comments,
        fallback=_bounded([_review_body(report), "", *_told(fresh)]),
        summary=summary(report),
        check=check(report, incomplete),
        fixed=report.fixed,
    )


def _posted(judged: Judged, anchor: Anchor) -> PostedFinding:
    finding = judged.finding
    return PostedFinding(
        fingerprint=judged.fingerprint,
        path=anchor.path,
        side=anchor.side,
        category=finding.category,
        severity=finding.severity,
        digest=digest_of(judged.code[0]),
        title=finding.title,
    )


# --- one finding -----------------------------------------------------------------------------


def comment_body(judged: Judged) -> str:
    """An inline comment: badge and failure, cause and fix, replacement, who said it."""
    finding = judged.finding
    label = f"{finding.severity} · {finding.category}"
    parts = [
        f"{_BADGES[finding.severity]} **{wording.markdown(finding.title)}** <sub>{label}</sub>",
        wording.markdown(finding.explanation),
    ]
    lines = suggest.committable(judged)
    if lines is not None:
        parts.append(wording.code_block(lines, "suggestion"))
    elif finding.suggestion:
        parts.append(wording.code_block(wording.visible(finding.suggestion).split("\n")))
    parts.append(f"<sub>{_provenance(judged)}</sub>")
    return _bounded(["\n\n".join(filter(None, parts))])


def _provenance(judged: Judged) -> str:
    finding = judged.finding
    if judged.tier is Tier.LOCAL:
        return "found locally, no model asked" + _reference(judged)
    who = f"{judged.tier} tier · {wording.one_line(judged.model)}"
    return f"{who} · confidence {finding.confidence:.2f}{_reference(judged)}"


def _reference(judged: Judged) -> str:
    marks = (judged.finding.cwe, judged.finding.rule and f"rule {judged.finding.rule}")
    return "".join(f" · {wording.markdown(mark)}" for mark in marks if mark)


def _told(findings: Iterable[Judged]) -> list[str]:
    """Findings as a list, with their places in words."""
    return [
        f"- {_BADGES[j.finding.severity]} **{wording.markdown(j.finding.title)}** "
        f"({wording.code_span(place(j))}): {wording.markdown(j.finding.explanation)}"
        for j in findings
    ]


def place(judged: Judged) -> str:
    """Where a finding is, as people write it."""
    anchor = judged.anchor
    if anchor is None:
        return judged.finding.path
    first = f"{anchor.start_line}-" if anchor.start_line != anchor.line else ""
    side = " (old)" if anchor.side.value == "LEFT" else ""
    return f"{anchor.path}:{first}{anchor.line}{side}"


# --- the whole -------------------------------------------------------------------------------


def headline(report: Report) -> str:
    """One line: how many findings of which severity, and whether all was read."""
    counts = [
        (severity, sum(j.finding.severity is severity for j in report.open_findings))
        for severity in Severity
    ]
    found = ", ".join(f"{count} {severity}" for severity, count in counts if count)
    if report.receipt.complete:
        return f"reviewbot: {found or 'no findings'}"
    return f"reviewbot: {found or 'no findings in what was read'} · NOT FULLY READ"


def receipt_line(receipt: Receipt) -> str:
    """The sum that proves that nothing was lost."""
    parts = [
        f"{receipt.count(coverage)} {coverage}{_detail(receipt, coverage)}" for coverage in Coverage
    ]
    total = len(receipt.entries)
    return f"{total} {'segment' if total == 1 else 'segments'} = {' + '.join(parts)}"


def _detail(receipt: Receipt, coverage: Coverage) -> str:
    if coverage is Coverage.EXCLUDED:
        named = [f"{reason}" for reason, _ in receipt.reasons(coverage)]
    elif coverage in {Coverage.OVER_BUDGET, Coverage.FAILED}:
        named = [str(e.segment) for e in receipt.entries if e.coverage is coverage]
    else:
        return ""
    more = [f"{len(named) - _NAMED} more"] if len(named) > _NAMED else []
    return f" ({', '.join(named[:_NAMED] + more)})" if named else ""


def money_line(report: Report) -> str:
    """Escalations, and what it cost against the limit."""
    looked = [escalation for escalation in report.escalations if escalation.done]
    confirmed = sum(escalation.confirmed for escalation in looked)
    rejected = sum(escalation.rejected for escalation in looked)
    bill = report.bill
    presumed = f" (+ {format_usd(bill.presumed)} presumed)" if bill.presumed else ""
    spent = f"{format_usd(bill.spent)}{presumed} of {format_usd(bill.pr_limit)}"
    second = f"Escalated {len(looked)}: {confirmed} confirmed, {rejected} rejected"
    return f"{second} · {spent} · saved {format_usd(bill.saved)}"


def since_line(report: Report) -> str:
    """What changed since the review before; empty for the first one."""
    if report.since is None:
        return ""
    return f"Since the last push: {report.since.fixed} fixed, {report.since.still_open} open"


def result_lines(report: Report) -> list[str]:
    """The summary's first lines, the same for people on GitHub and in a terminal."""
    lines = [headline(report), receipt_line(report.receipt), money_line(report)]
    lines += [*budget_lines(report), since_line(report)]
    return [line for line in lines if line]


def summary(report: Report) -> str:
    """The sticky comment."""
    first, *rest = result_lines(report)
    parts = [f"### {first}", *(wording.markdown(line) for line in rest)]
    parts += _section("Not read, and why", _unread(report.receipt))
    listed = [j for j in report.open_findings if j.fate is Fate.SUMMARY]
    parts += _section("More findings", _told(listed))
    parts += _details("Findings on lines", _standing(report))
    parts += _details("Coverage receipt", [*_coverage_table(report.receipt), *_saved(report.bill)])
    parts += _details("Silenced", _unheard(report, Fate.SILENCED))
    parts += _details("Withheld", _unheard(report, Fate.WITHHELD))
    return _bounded(["\n\n".join(parts)])


def told(report: Report) -> str:
    """The whole report as one Markdown text, for those who do not post it."""
    shown = [j for j in report.open_findings if j.fate is not Fate.SUMMARY]
    parts = [f"#### {wording.code_span(place(j))}\n\n{comment_body(j)}" for j in shown]
    return "\n\n".join([summary(report), *parts])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"**{title}**", "\n".join(_shortened(lines))] if lines else []


def _details(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    inner = "\n".join(_shortened(lines))
    return [f"<details><summary>{title}</summary>\n\n{inner}\n\n</details>"]


def _shortened(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _LISTED
    return [*lines[:_LISTED], f"- … and {more} more"] if more > 0 else list(lines)


def _unread(receipt: Receipt) -> list[str]:
    return [
        f"- {wording.code_span(str(entry.segment))}: {entry.coverage}, "
        f"{wording.markdown(entry.detail)}"
        for entry in receipt.entries
        if entry.coverage in {Coverage.OVER_BUDGET, Coverage.FAILED}
    ]


def _standing(report: Report) -> list[str]:
    return [
        f"- {_BADGES[j.finding.severity]} {wording.code_span(place(j))}: "
        f"{wording.markdown(j.finding.title)}{_remark(j)}"
        for j in report.open_findings
        if j.fate in {Fate.COMMENT, Fate.STANDING}
    ]


def _remark(judged: Judged) -> str:
    """What there is to say of a finding that stands: read again or not, resolved by whom."""
    return f" ({wording.markdown(judged.why)})" if judged.fate is Fate.STANDING else ""


def _unheard(report: Report, fate: Fate) -> list[str]:
    return [
        f"- {wording.code_span(place(j))}: {wording.markdown(j.finding.title)} "
        f"({wording.markdown(wording.shortened(j.why, 160))})"
        for j in report.findings
        if j.fate is fate
    ]


def _coverage_table(receipt: Receipt) -> list[str]:
    """Segments and added lines by class and reason."""
    rows = ["| class | segments | added lines | by |", "|---|--:|--:|---|"]
    for coverage in Coverage:
        if count := receipt.count(coverage):
            reasons = ", ".join(f"{why} ({n})" for why, n in receipt.reasons(coverage)[:_NAMED])
            added = receipt.added_lines(coverage)
            rows.append(f"| {coverage} | {count} | {added} | {_cell(reasons)} |")
    return rows


def _saved(bill: Bill) -> list[str]:
    """What known answers saved."""
    if not bill.saved_tokens:
        return []
    return ["", f"Known answers saved {bill.saved_tokens:,} tokens, {format_usd(bill.saved)}."]


def _cell(text: str) -> str:
    """A table's cells are told apart before code is: a bar would cut a code span in two."""
    return wording.markdown(wording.one_line(text).replace("|", "¦"))


def _review_body(report: Report) -> str:
    return f"{wording.markdown(headline(report))}\n\n<sub>{wording.markdown(_footer(report))}</sub>"


def _footer(report: Report) -> str:
    bill = report.bill
    readers = sorted({f"{j.tier} tier {j.model}" for j in report.findings if j.model})
    tokens = f"{bill.tokens_in:,} tokens in, {bill.tokens_out:,} out"
    return " · ".join([*readers, tokens, format_usd(bill.spent)])


# --- the check -------------------------------------------------------------------------------


def check(report: Report, incomplete: Literal["neutral", "block"]) -> Check:
    """The check run: the conclusion counts all open findings, not only new ones."""
    annotations = tuple(
        Annotation(
            path=judged.anchor.path,
            start_line=judged.anchor.start_line,
            end_line=judged.anchor.line,
            severity=judged.finding.severity,
            title=wording.shortened(wording.one_line(judged.finding.title), 250),
            message=wording.visible(judged.finding.explanation or judged.finding.title),
        )
        for judged in report.open_findings
        if judged.anchor is not None and judged.anchor.side.value == "RIGHT"
    )
    return Check(
        conclusion=_conclusion(report, incomplete),
        title=wording.shortened(headline(report).removeprefix("reviewbot: "), 250),
        summary=summary(report),
        annotations=annotations,
    )


def _conclusion(report: Report, incomplete: Literal["neutral", "block"]) -> Conclusion:
    if report.reaches_gate:
        return Conclusion.FAILURE
    if not report.receipt.complete:
        return Conclusion.FAILURE if incomplete == "block" else Conclusion.NEUTRAL
    return Conclusion.SUCCESS


def _bounded(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if len(text) <= _LONGEST:
        return text
    # Cut between lines: half a code span would set free what stands inside.
    return text[:_LONGEST].rpartition("\n")[0] + "\n\n(cut: GitHub allows no longer text)"
