"""The check of a merge queue's commit: what the pull request's own review concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.review.ports import Check, Conclusion
from reviewbot.review.same_head import graver

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
    if verdict is None or verdict.conclusion is None:
        return _unread(pull, policy)
    shown = verdict.shown or verdict.conclusion
    return Check(
        conclusion=graver(verdict.conclusion, shown),
        title=f"As in #{pull.key.number}: {verdict.title}"[:255],
        summary=f"The review of #{pull.key.number} at {pull.head_sha[:12]} says this. "
        "A merge queue's own commit is not read again.",
    )


def _unread(pull: PullRequest, policy: Policy) -> Check:
    gated = policy.enabled and (policy.fail_on is not None or policy.incomplete == "block")
    return Check(
        conclusion=Conclusion.FAILURE if gated else Conclusion.NEUTRAL,
        title=f"#{pull.key.number} has no finished review",
        summary=f"The head of #{pull.key.number}, {pull.head_sha[:12]}, has no finished review. "
        "Ask for one on the pull request, then queue it again.",
    )
