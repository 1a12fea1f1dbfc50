"""What a merge queue is told."""

from __future__ import annotations

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.policy import Policy
from reviewbot.review.merge_group import answer, is_under_way
from reviewbot.review.ports import Conclusion, Verdict
from tests.unit.review.examples import PULL

GATED = Policy(fail_on=Severity.HIGH)


def verdict(conclusion: Conclusion | None, shown: Conclusion | None = None) -> Verdict:
    return Verdict(PULL.key.number, conclusion, "2 high", shown)


@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_the_queue_hears_what_the_review_concluded(conclusion: Conclusion) -> None:
    check = answer(PULL, verdict(conclusion), GATED)
    assert check.conclusion is conclusion
    assert check.title == f"As in #{PULL.key.number}: 2 high"


def test_the_worse_of_what_was_said_and_what_is_shown_counts() -> None:
    fine, failing = Conclusion.SUCCESS, Conclusion.FAILURE
    assert answer(PULL, verdict(fine, failing), Policy()).conclusion is failing
    assert answer(PULL, verdict(failing, fine), Policy()).conclusion is failing


@pytest.mark.parametrize("known", [None, verdict(None)])
@pytest.mark.parametrize(
    ("policy", "conclusion"),
    [
        (Policy(), Conclusion.NEUTRAL),
        (GATED, Conclusion.FAILURE),
        (Policy(incomplete="block"), Conclusion.FAILURE),
        (Policy(fail_on=Severity.HIGH, enabled=False), Conclusion.NEUTRAL),
    ],
)
def test_without_a_finished_review_the_policy_decides(
    known: Verdict | None, policy: Policy, conclusion: Conclusion
) -> None:
    assert answer(PULL, known, policy).conclusion is conclusion


def test_only_a_review_under_way_is_waited_for() -> None:
    assert is_under_way(verdict(None))
    assert not is_under_way(verdict(Conclusion.SUCCESS))
    assert not is_under_way(None)
