"""All wording that people read on GitHub: comments, the review, the summary, the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Severity, Tier
from reviewbot.domain.money import format_usd
from reviewbot.domain.outcome import Coverage, Fate
from reviewbot.review import suggest, wording
from reviewbot.review.earlier import remembered
from reviewbot.review.foreseen import forecast_line
from reviewbot.review.ports import Annotation, Check, Comment, Conclusion, Publication
from reviewbot.review.shortages import budget_lines
from reviewbot.review.walkthrough import folded, since_lines
from reviewbot.review.words import ENGLISH, in_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from reviewbot.domain.outcome import Bill, Judged, Receipt, Report
    from reviewbot.domain.tip import Tips
    from reviewbot.review.words import Words

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
_LONGEST_REASON = 160  # characters, in a list


def compose(
    report: Report, review_id: str, incomplete: Literal["neutral", "block"] = "neutral"
) -> Publication:
    """Everything that a review says; *incomplete* is the policy's word for unread code."""
    say = in_language(report.language)
    fresh = [judged for judged in report.findings if judged.fate is Fate.COMMENT]
    comments = tuple(
        Comment(judged.anchor, comment_body(judged, say), remembered(judged, judged.anchor))
        for judged in fresh
        if judged.anchor is not None
    )
    return Publication(
        pull=report.pull,
        review_id=review_id,
        body=_review_body(report, say) if comments else "",
        comments=comments,
        fallback=_bounded([_review_body(report, say), "", *_told(fresh, say)], say),
        summary=summary(report),
        check=check(report, incomplete),
        fixed=report.fixed,
    )


# --- one finding -----------------------------------------------------------------------------


def comment_body(judged: Judged, say: Words = ENGLISH) -> str:
    """An inline comment: badge and failure, cause and fix, replacement, who said it."""
    finding = judged.finding
    label = f"{say.term(finding.severity)} · {say.term(finding.category)}{_reference(judged, say)}"
    title = wording.markdown(say.told(finding.title))
    parts = [
        f"{_BADGES[finding.severity]} **{title}** <sub>{label}</sub>",
        wording.markdown(say.told(finding.explanation)),
    ]
    lines = suggest.committable(judged)
    if lines is not None:
        parts.append(wording.code_block(lines, "suggestion"))
    elif finding.suggestion:
        parts.append(wording.code_block(wording.visible(finding.suggestion).split("\n")))
    parts += _details(say("Details"), [_provenance(judged, say)], say)
    return _bounded(["\n\n".join(filter(None, parts))], say)


def _provenance(judged: Judged, say: Words) -> str:
    """Who found it, how sure, and what that took."""
    if judged.tier is Tier.LOCAL:
        return say("found locally, no model asked")
    model = wording.markdown(wording.one_line(judged.model))
    sure = say("confidence {confidence:.2f}", confidence=judged.finding.confidence)
    cost = say("reading this code cost {usd}", usd=format_usd(judged.cost))
    return f"{say('{tier} tier', tier=judged.tier)} · {model} · {sure} · {cost}"


def _reference(judged: Judged, say: Words) -> str:
    finding = judged.finding
    rule = finding.rule and say("rule {rule}", rule=finding.rule)
    tool = finding.reported_by and say("reported by {tool} too", tool=finding.reported_by)
    marks = (finding.cwe, rule, tool)
    return "".join(f" · {wording.markdown(mark)}" for mark in marks if mark)


def _told(findings: Iterable[Judged], say: Words) -> list[str]:
    """Findings as a list, with their places in words."""
    return [
        f"- {_BADGES[j.finding.severity]} **{wording.markdown(say.told(j.finding.title))}** "
        f"({wording.code_span(place(j, say))}): {wording.markdown(say.told(j.finding.explanation))}"
        for j in findings
    ]


def place(judged: Judged, say: Words = ENGLISH) -> str:
    """Where a finding is, as people write it."""
    anchor = judged.anchor
    if anchor is None:
        return judged.finding.path
    first = f"{anchor.start_line}-" if anchor.start_line != anchor.line else ""
    where = f"{anchor.path}:{first}{anchor.line}"
    return say("{place} (old)", place=where) if anchor.side.value == "LEFT" else where


# --- the whole -------------------------------------------------------------------------------


def headline(report: Report, say: Words = ENGLISH) -> str:
    """One line: how many findings of which severity, and whether all was read."""
    return f"reviewbot: {_verdict(report, say)}"


def _verdict(report: Report, say: Words) -> str:
    counts = [
        (severity, sum(j.finding.severity is severity for j in report.open_findings))
        for severity in Severity
    ]
    found = say(", ").join(
        say("{number} {severity}", number=number, severity=severity)
        for severity, number in counts
        if number
    )
    if report.receipt.complete:
        return found or say("no findings")
    return f"{found or say('no findings in what was read')} · {say('NOT FULLY READ')}"


def receipt_line(receipt: Receipt, say: Words = ENGLISH) -> str:
    """The sum that proves that nothing was lost."""
    parts = [
        f"{receipt.count(coverage)} {say.term(coverage)}{_detail(receipt, coverage, say)}"
        for coverage in Coverage
    ]
    total = say("{count} segments", one="{count} segment", count=len(receipt.entries))
    return f"{total} = {' + '.join(parts)}"


def _detail(receipt: Receipt, coverage: Coverage, say: Words) -> str:
    if coverage is Coverage.EXCLUDED:
        named = [say.told(reason) for reason, _ in receipt.reasons(coverage)]
    elif coverage in {Coverage.OVER_BUDGET, Coverage.FAILED}:
        named = [str(e.segment) for e in receipt.entries if e.coverage is coverage]
    else:
        return ""
    more = [say("{number} more", number=len(named) - _NAMED)] if len(named) > _NAMED else []
    return f" ({say(', ').join(named[:_NAMED] + more)})" if named else ""


def money_line(report: Report, say: Words = ENGLISH) -> str:
    """Escalations, and what it cost against the limit."""
    looked = [escalation for escalation in report.escalations if escalation.done]
    bill = report.bill
    second = say(
        "Escalated {looks}: {confirmed} confirmed, {rejected} rejected",
        looks=len(looked),
        confirmed=sum(escalation.confirmed for escalation in looked),
        rejected=sum(escalation.rejected for escalation in looked),
    )
    presumed = say(" (+ {usd} presumed)", usd=format_usd(bill.presumed)) if bill.presumed else ""
    spent = say(
        "{spent} of {limit}",
        spent=f"{format_usd(bill.spent)}{presumed}",
        limit=format_usd(bill.pr_limit),
    )
    if bill.pr_total > bill.spent + bill.presumed:
        spent += say(" ({usd} in all)", usd=format_usd(bill.pr_total))
    return f"{second} · {spent} · {say('saved {usd}', usd=format_usd(bill.saved))}"


def since_line(report: Report, say: Words = ENGLISH) -> str:
    """What changed since the review before; empty for the first one."""
    since = report.since
    if since is None:
        return ""
    return say(
        "Since the last push: {fixed} fixed, {still} open",
        fixed=since.fixed,
        still=since.still_open,
    )


def result_lines(report: Report, say: Words = ENGLISH) -> list[str]:
    """The summary's first lines, the same for people on GitHub and in a terminal."""
    lines = [headline(report, say), receipt_line(report.receipt, say), money_line(report, say)]
    lines += [*budget_lines(report, say), since_line(report, say)]
    return [line for line in lines if line]


def summary(report: Report) -> str:
    """The sticky comment."""
    say = in_language(report.language)
    first, *rest = result_lines(report, say)
    parts = [f"### {first}", *(wording.markdown(line) for line in rest)]
    parts += _section(say("Not read, and why"), _unread(report.receipt, say), say)
    listed = [j for j in report.open_findings if j.fate is Fate.SUMMARY]
    parts += _section(say("More findings"), _told(listed, say), say)
    parts += _details(say("Findings on lines"), _standing(report, say), say)
    changes = report.walkthrough
    parts += folded(changes, say, since_lines(changes, say))
    table = [*_coverage_table(report.receipt, say), *_saved(report.bill, say)]
    parts += _details(say("Coverage receipt"), table, say)
    parts += _details(say("Findings of other tools"), tips_told(report.tips, say), say)
    parts += _details(say("Silenced"), _unheard(report, Fate.SILENCED, say), say)
    parts += _details(say("Withheld"), _unheard(report, Fate.WITHHELD, say), say)
    return _bounded(["\n\n".join(parts)], say)


def told(report: Report, costs: str = "") -> str:
    """The whole report as one Markdown text, for those who do not post it, with *costs*."""
    say = in_language(report.language)
    shown = [j for j in report.open_findings if j.fate is not Fate.SUMMARY]
    parts = [f"#### {wording.code_span(place(j, say))}\n\n{comment_body(j, say)}" for j in shown]
    return "\n\n".join(filter(None, [summary(report), costs, *parts]))


def _section(title: str, lines: Sequence[str], say: Words) -> list[str]:
    return [f"**{title}**", "\n".join(_shortened(lines, say))] if lines else []


def _details(title: str, lines: Sequence[str], say: Words) -> list[str]:
    return [wording.folded(title, _shortened(lines, say))] if lines else []


def _shortened(lines: Sequence[str], say: Words) -> list[str]:
    more = len(lines) - _LISTED
    return (
        [*lines[:_LISTED], say("- … and {number} more", number=more)] if more > 0 else list(lines)
    )


def _unread(receipt: Receipt, say: Words) -> list[str]:
    return [
        f"- {wording.code_span(str(entry.segment))}: {say.term(entry.coverage)}, "
        f"{wording.markdown(say.told(entry.detail))}"
        for entry in receipt.entries
        if entry.coverage in {Coverage.OVER_BUDGET, Coverage.FAILED}
    ]


def _standing(report: Report, say: Words) -> list[str]:
    return [
        f"- {_BADGES[j.finding.severity]} {wording.code_span(place(j, say))}: "
        f"{wording.markdown(say.told(j.finding.title))}{_remark(j, say)}"
        for j in report.open_findings
        if j.fate in {Fate.COMMENT, Fate.STANDING}
    ]


def _remark(judged: Judged, say: Words) -> str:
    """What there is to say of a finding that stands: read again or not, resolved by whom."""
    stands = judged.fate is Fate.STANDING and judged.why
    return f" ({wording.markdown(say.told(judged.why))})" if stands else ""


def _unheard(report: Report, fate: Fate, say: Words) -> list[str]:
    return [
        f"- {wording.code_span(place(j, say))}: {wording.markdown(say.told(j.finding.title))}"
        f"{_because(say.told(j.why))}"
        for j in report.findings
        if j.fate is fate
    ]


def tips_told(tips: Tips, say: Words) -> list[str]:
    """What became of each finding of another tool; first what would be lost in a long list."""
    outside = [f"- {say('{count} on no changed line', count=tips.outside)}"] if tips.outside else []
    return outside + [
        f"- **{say.term(tip.hearing)}**"
        f" {wording.code_span(f'{tip.finding.path}:{tip.finding.start_line}')}:"
        f" {wording.markdown(f'{tip.finding.reported_by}: {tip.finding.title}')}"
        f"{_because(say.told(tip.why))}"
        for tip in tips.tips
    ]


def _because(why: str) -> str:
    return f" ({wording.markdown(wording.shortened(why, _LONGEST_REASON))})" if why else ""


def _coverage_table(receipt: Receipt, say: Words) -> list[str]:
    """Segments and added lines by class and reason."""
    rows = [say("| class | segments | added lines | by |"), "|---|--:|--:|---|"]
    for coverage in Coverage:
        if number := receipt.count(coverage):
            by = [f"{say.told(why)} ({n})" for why, n in receipt.reasons(coverage)[:_NAMED]]
            added = receipt.added_lines(coverage)
            reasons = wording.markdown(wording.cell(say(", ").join(by)))
            rows.append(f"| {say.term(coverage)} | {number} | {added} | {reasons} |")
    return rows


def _saved(bill: Bill, say: Words) -> list[str]:
    """What known answers saved."""
    if not bill.saved_tokens:
        return []
    saved = say(
        "Known answers saved {tokens:,} tokens, {usd}.",
        tokens=bill.saved_tokens,
        usd=format_usd(bill.saved),
    )
    return ["", saved]


def _review_body(report: Report, say: Words) -> str:
    first = wording.markdown(headline(report, say))
    return f"{first}\n\n<sub>{wording.markdown(_footer(report, say))}</sub>"


def _footer(report: Report, say: Words) -> str:
    bill = report.bill
    readers = sorted(
        {say("{tier} tier {model}", tier=j.tier, model=j.model) for j in report.findings if j.model}
    )
    tokens = say(
        "{read:,} tokens in, {written:,} out", read=bill.tokens_in, written=bill.tokens_out
    )
    return " · ".join([*readers, tokens, format_usd(bill.spent)])


# --- the check -------------------------------------------------------------------------------


def check(report: Report, incomplete: Literal["neutral", "block"]) -> Check:
    """The check run: the conclusion counts all open findings, not only new ones."""
    say = in_language(report.language)
    annotations = tuple(
        Annotation(
            path=judged.anchor.path,
            start_line=judged.anchor.start_line,
            end_line=judged.anchor.line,
            severity=judged.finding.severity,
            title=wording.shortened(wording.one_line(say.told(judged.finding.title)), 250),
            message=wording.visible(say.told(judged.finding.explanation or judged.finding.title)),
        )
        for judged in report.open_findings
        if judged.fate is Fate.SUMMARY  # what has a comment is on its line already
        and judged.anchor is not None
        and judged.anchor.side.value == "RIGHT"
    )
    return Check(
        conclusion=_conclusion(report, incomplete),
        title=wording.shortened(_verdict(report, say), 250),
        summary="\n\n".join(filter(None, [forecast_line(report, say), summary(report)])),
        annotations=annotations,
        say=say,
    )


def _conclusion(report: Report, incomplete: Literal["neutral", "block"]) -> Conclusion:
    if report.reaches_gate:
        return Conclusion.FAILURE
    if not report.receipt.complete:
        return Conclusion.FAILURE if incomplete == "block" else Conclusion.NEUTRAL
    return Conclusion.SUCCESS


def _bounded(lines: Sequence[str], say: Words) -> str:
    text = "\n".join(lines)
    if len(text) <= _LONGEST:
        return text
    # Cut between lines: half a code span would set free what stands inside.
    cut = text[:_LONGEST].rpartition("\n")[0]
    return f"{cut}\n\n{say('(cut: GitHub allows no longer text)')}"
