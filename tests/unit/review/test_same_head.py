from __future__ import annotations

import pytest

from reviewbot.review.ports import Check, Conclusion, Verdict
from reviewbot.review.same_head import joint, own
from reviewbot.review.words import ENGLISH

GREEN = Check(Conclusion.SUCCESS, "no findings", "All was read.")


def verdict(conclusion: Conclusion | None) -> Verdict:
    return Verdict(7, conclusion, "1 high", conclusion)


@pytest.mark.parametrize(
    ("other", "joined"),
    [
        (Conclusion.FAILURE, Conclusion.FAILURE),
        (Conclusion.ACTION_REQUIRED, Conclusion.ACTION_REQUIRED),
        (Conclusion.NEUTRAL, Conclusion.NEUTRAL),
        (Conclusion.SUCCESS, Conclusion.SUCCESS),
        (None, Conclusion.ACTION_REQUIRED),
    ],
)
def test_the_worst_pull_request_of_a_commit_counts(
    other: Conclusion | None, joined: Conclusion
) -> None:
    assert joint(GREEN, [verdict(Conclusion.SUCCESS), verdict(other)]).conclusion is joined


def test_a_failure_stays_whatever_others_say() -> None:
    red = Check(Conclusion.FAILURE, "1 high", "Read it.")
    assert joint(red, [verdict(Conclusion.SUCCESS), verdict(None)]) is red


def test_it_is_said_which_pull_request_counts_and_why() -> None:
    check = joint(GREEN, [verdict(Conclusion.FAILURE)])
    assert check.title == "#7 has the same commit: 1 high"
    assert check.summary.endswith("All was read.")
    assert joint(GREEN, [verdict(None)]).title == "Waits for #7, which has the same commit"


def test_alone_a_check_is_as_it_was() -> None:
    assert joint(GREEN, []) is GREEN
    assert own(verdict(Conclusion.FAILURE), ENGLISH).conclusion is Conclusion.FAILURE
