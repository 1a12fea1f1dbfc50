"""A report for a terminal: findings with their code, then the receipt and the cost."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from reviewbot.domain.finding import Severity, Side, Tier
from reviewbot.domain.outcome import Coverage, Fate
from reviewbot.review.compose import place, result_lines
from reviewbot.review.suggest import committable
from reviewbot.review.wording import one_line, visible

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Judged, Report
    from reviewbot.domain.tip import Tips

_WIDTH = 88
_COLOURS = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.INFO: "white",
}


def as_text(report: Report) -> str:
    """The report in terminal colours; click drops them where there is no terminal."""
    first, *rest = result_lines(report)
    parts = [finding_text(judged) for judged in report.open_findings]
    parts += [_tips(report.tips)] if report.tips.tips or report.tips.outside else []
    parts += [_unread(report)] if not report.receipt.complete else []
    parts.append("\n".join([click.style(one_line(first), bold=True), *map(one_line, rest)]))
    return "\n\n".join(parts)


def finding_text(judged: Judged) -> str:
    """One finding: place, severity, the code it is about, the words, the replacement."""
    finding = judged.finding
    badge = click.style(finding.severity.upper(), fg=_COLOURS[finding.severity], bold=True)
    where = click.style(one_line(place(judged)), bold=True)
    lines = [f"{where}  {badge} {finding.category}", *_code(judged)]
    lines.append(_indented(one_line(finding.title), bold=True))
    lines.append(_indented(one_line(finding.explanation)))
    if replacement := committable(judged):
        lines.append(_indented("Suggested:"))
        lines += [click.style(f"    + {visible(line)}", fg="green") for line in replacement]
    lines.append(click.style(_indented(_said_by(judged)), dim=True))
    return "\n".join(line for line in lines if line)


def _code(judged: Judged) -> list[str]:
    anchor = judged.anchor
    if anchor is None:
        return []
    sign = "-" if anchor.side is Side.LEFT else " "
    numbered = enumerate(judged.code, anchor.start_line)
    return [click.style(f"  {n:>5} {sign}| {visible(line)}", fg="cyan") for n, line in numbered]


def _said_by(judged: Judged) -> str:
    finding = judged.finding
    if judged.tier is Tier.LOCAL:
        said = "found locally, no model asked"
    else:
        model = one_line(judged.model)
        said = f"{judged.tier} tier, {model}, confidence {finding.confidence:.2f}"
    tool = finding.reported_by and f"reported by {one_line(finding.reported_by)} too"
    marks = [mark for mark in (finding.cwe, finding.rule, tool) if mark]
    fate = {Fate.STANDING: "posted earlier", Fate.SUMMARY: one_line(judged.why)}.get(judged.fate)
    return " · ".join([said, *marks, *([fate] if fate else [])])


def _tips(tips: Tips) -> str:
    """What became of each finding of another tool."""
    lines = [click.style("Findings of other tools", bold=True)]
    for tip in tips.tips:
        finding = tip.finding
        where = one_line(f"{finding.path}:{finding.start_line}")
        lines.append(f"  {tip.hearing}: {where}  {one_line(finding.reported_by)}")
        lines += [_indented(f"  {one_line(text)}") for text in (finding.title, tip.why) if text]
    if tips.outside:
        lines.append(f"  {tips.outside} on no changed line")
    return "\n".join(lines)


def _unread(report: Report) -> str:
    """Every segment that was not read, below the reason."""
    missed: dict[str, list[str]] = {}
    for entry in report.receipt.entries:
        if entry.coverage in {Coverage.OVER_BUDGET, Coverage.FAILED}:
            why = f"{entry.coverage}, {one_line(entry.detail)}"
            missed.setdefault(why, []).append(f"    {one_line(str(entry.segment))}")
    lines = [line for why, places in missed.items() for line in (f"  {why}:", *places)]
    return "\n".join([click.style("Not read, and why", bold=True), *lines])


def _indented(text: str, *, bold: bool = False) -> str:
    wrapped = textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return click.style(wrapped, bold=True) if bold and wrapped else wrapped
