"""A check says why there is no review, and lets no author walk around a gate."""

from __future__ import annotations

import pytest

from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Severity
from reviewbot.domain.policy import Policy
from reviewbot.review import notices
from reviewbot.review.ports import Conclusion
from reviewbot.review.words import ENGLISH


def test_an_unusable_policy_asks_for_action_and_says_which() -> None:
    check = notices.unusable_policy(
        PolicyError("key `x` is <b>wrong</b>", "Mend it, @ada."), ENGLISH
    )

    assert check.conclusion is Conclusion.ACTION_REQUIRED
    assert check.summary == "key `x` is &lt;b&gt;wrong&lt;/b&gt;\n\nMend it, `@ada`."


@pytest.mark.parametrize(
    ("policy", "conclusion"),
    [
        (Policy(), Conclusion.SKIPPED),
        (Policy(fail_on=Severity.HIGH), Conclusion.ACTION_REQUIRED),
        (Policy(fail_on=Severity.HIGH, enabled=False), Conclusion.SKIPPED),
    ],
)
def test_a_skip_is_free_only_where_nothing_is_gated(policy: Policy, conclusion: Conclusion) -> None:
    check = notices.skipped("it is a draft", policy, ENGLISH)

    assert check.conclusion is conclusion
    assert check.title == "Not reviewed: it is a draft"


def test_what_ends_early_says_so() -> None:
    assert notices.superseded(ENGLISH).conclusion is Conclusion.CANCELLED
    assert notices.gave_up(ENGLISH).conclusion is Conclusion.NEUTRAL
