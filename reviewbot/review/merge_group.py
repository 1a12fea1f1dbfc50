"""The check of a merge queue's commit: what the pull request's own review concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.review.ports import Check, Conclusion
from reviewbot.review.same_head import graver
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.review.ports import Verdict


def is_under_way(verdict: Verdict | None) -> bool:
    """Whether it is worth waiting for the review of the head."""
    return verdict is not None and verdict.conclusion is None


def answer(pull: PullRequest, verdict: Verdict | None, policy: Policy) -> Check:
    """What the queue is told: the worst that the head's review said or shows.

    Without a verdict the policy decides; where it holds a gate, what nobody read does not pass.
    """
    say = in_language(policy.language)
    number, head = pull.key.number, pull.head_sha[:12]
    if verdict is None or verdict.conclusion is None:
        return Check(
            conclusion=Conclusion.FAILURE if _is_gated(policy) else Conclusion.NEUTRAL,
            title=say("#{number} has no finished review", number=number),
            summary=say(
                "The head of #{number}, {head}, has no finished review. "
                "Ask for one on the pull request, then queue it again.",
                number=number,
                head=head,
            ),
            say=say,
        )
    return Check(
        conclusion=graver(verdict.conclusion, verdict.shown or verdict.conclusion),
        title=say("As in #{number}: {verdict}", number=number, verdict=verdict.title),
        summary=say(
            "The review of #{number} at {head} says this. "
            "A merge queue's own commit is not read again.",
            number=number,
            head=head,
        ),
        say=say,
    )


def _is_gated(policy: Policy) -> bool:
    return policy.enabled and (policy.fail_on is not None or policy.incomplete == "block")
