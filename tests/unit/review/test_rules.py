"""Findings cite the rules that there are, and a breach is as grave as its rule says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.outcome import Fate
from tests.unit.review.examples import PAY, answer, claim_ids, claimed, diff, world

if TYPE_CHECKING:
    from reviewbot.review.ports import Question

_POLICY = """
rules:
  - {id: no-zero, description: Divide by nothing that may be zero., severity: high}
  - {id: elsewhere, description: Only there., paths: ["docs/**"], severity: critical}
  - {id: here, description: Only here., paths: ["src/**", "!src/gen/**"], severity: low}
"""


@pytest.mark.parametrize(
    ("rule", "said", "cites", "severity"),
    [
        ("no-zero", "medium", "no-zero", Severity.HIGH),
        ("no-zero", "critical", "no-zero", Severity.CRITICAL),
        ("here", "medium", "here", Severity.MEDIUM),
        ("elsewhere", "medium", None, Severity.MEDIUM),
        ("invented", "medium", None, Severity.MEDIUM),
        (None, "medium", None, Severity.MEDIUM),
    ],
)
def test_a_finding_cites_only_rules_that_hold_for_its_file(
    rule: str | None, said: str, cites: str | None, severity: Severity
) -> None:
    finding = claimed(rule=rule, severity=said)
    here = world(diff(PAY), lambda _: answer(finding), policy=_POLICY)
    shown = [each.finding for each in here.reviewed().findings if each.fate is Fate.COMMENT]
    assert [(each.rule, each.severity) for each in shown] == [(cites, severity)]


def test_what_the_strong_tier_corrects_is_held_against_the_rules_too() -> None:
    def say(question: Question) -> str:
        named = claim_ids(question)
        if not named:
            return answer(claimed(severity="high"))
        better = claimed(rule="no-zero", severity="medium")
        verdict = {"id": named[0], "verdict": "corrected", "reason": "r", "finding": better}
        return answer(verdicts=[verdict])

    here = world(diff(PAY), say, policy=_POLICY)
    [found] = here.reviewed().open_findings
    assert (found.finding.rule, found.finding.severity) == ("no-zero", Severity.HIGH)
