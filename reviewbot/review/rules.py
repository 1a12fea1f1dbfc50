"""Holds what findings cite against the policy's rules: a model's word for a rule is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.review.paths import matches_any

if TYPE_CHECKING:
    from reviewbot.domain.finding import Finding
    from reviewbot.domain.policy import Policy, Rule
    from reviewbot.review.answer import Reading


def cited(reading: Reading, path: str, policy: Policy) -> Reading:
    """*reading* of a file, whose findings cite only rules that there are for it.

    A breach is at least as grave as its rule says. It is never less grave than the model says:
    else a citation could make little of a defect.
    """
    known = {rule.id: rule for rule in policy.rules if _holds(rule, path)}
    return replace(
        reading,
        findings=tuple(_held(finding, known) for finding in reading.findings),
        rulings=tuple(
            replace(ruling, finding=ruling.finding and _held(ruling.finding, known))
            for ruling in reading.rulings
        ),
    )


def _holds(rule: Rule, path: str) -> bool:
    return not rule.paths or matches_any(path, rule.paths)


def _held(finding: Finding, known: dict[str, Rule]) -> Finding:
    if finding.rule is None:
        return finding
    rule = known.get(finding.rule)
    if rule is None:
        return replace(finding, rule=None)
    graver = min(finding.severity, rule.severity, key=lambda severity: severity.rank)
    return replace(finding, severity=graver)
