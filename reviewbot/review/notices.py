"""Checks that say why there is no review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.review import wording
from reviewbot.review.ports import Check, Conclusion

if TYPE_CHECKING:
    from reviewbot.domain.errors import PolicyError
    from reviewbot.domain.forecast import Forecast
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest


def unusable_policy(error: PolicyError) -> Check:
    """The policy cannot be read: nothing was asked, nothing was spent."""
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="The review policy cannot be used",
        summary=f"{wording.markdown(str(error))}\n\n{wording.markdown(error.advice)}".strip(),
    )


def skipped(why: str, policy: Policy) -> Check:
    """The policy asks for no review; where it sets a gate, no author may walk around it."""
    gated = policy.fail_on is not None and policy.enabled
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED if gated else Conclusion.SKIPPED,
        title=wording.shortened(f"Not reviewed: {why}", 250),
        summary=f"This pull request was not reviewed: {wording.markdown(why)}.",
    )


def paused(who: str, policy: Policy) -> Check:
    """Somebody paused the reviews of this pull request; a gate stays closed meanwhile."""
    gated = policy.fail_on is not None and policy.enabled
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED if gated else Conclusion.NEUTRAL,
        title=f"Not reviewed: {wording.one_line(who)} paused its reviews",
        summary="Reviews of this pull request are paused. The comment `/reviewbot resume` ends "
        "that; `/reviewbot review full` asks for a single one.",
    )


def under_way(expected: Forecast) -> str:
    """What the check run says while the review is under way."""
    return f"Forecast: {expected}"


def too_dear(pull: PullRequest, expected: Forecast, most: PicoUsd) -> Check:
    """The quote is over the policy's threshold: nothing is asked until somebody approves."""
    quoted = expected.p90
    command = f"/reviewbot approve-cost {pull.head_sha[:10]}"
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED,
        title=f"Not reviewed: it may cost {format_usd(quoted)}, which needs approval",
        summary=f"{under_way(expected)}.\n\n"
        f"Nine of ten reviews of this size cost up to {format_usd(quoted)}, and the policy "
        f"lets {format_usd(most)} pass unasked (`budget.approve_above`). Nothing was asked, "
        "nothing was spent.\n\nSomebody with write access approves this commit's review with "
        f"the comment `{command}`.",
    )


def superseded() -> Check:
    """A newer push made this head's review pointless."""
    return Check(
        conclusion=Conclusion.CANCELLED,
        title="Superseded by a newer push",
        summary="A newer push came before this review was done. It is reviewed instead.",
    )


def closed() -> Check:
    """The pull request was closed before its review was done."""
    return Check(
        conclusion=Conclusion.CANCELLED,
        title="Closed before the review was done",
        summary="The pull request was closed, so its review was stopped. "
        "Reopening it asks for a review again.",
    )


def gave_up() -> Check:
    """The review failed again and again; nobody tries until something new happens."""
    return Check(
        conclusion=Conclusion.NEUTRAL,
        title="Not reviewed: it failed again and again",
        summary="The review of this pull request failed several times, so it was given up. "
        "A new push, or reopening the pull request, asks for it again.",
    )
