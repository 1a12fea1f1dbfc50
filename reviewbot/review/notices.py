"""Checks that say why there is no review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.review import wording
from reviewbot.review.foreseen import told
from reviewbot.review.ports import Check, Conclusion

if TYPE_CHECKING:
    from reviewbot.domain.errors import PolicyError
    from reviewbot.domain.forecast import Forecast
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.review.words import Words


def unusable_policy(error: PolicyError, say: Words) -> Check:
    """The policy cannot be read: nothing was asked, nothing was spent."""
    why, advice = say.told(error.message), say.told(error.advice)
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED,
        title=say("The review policy cannot be used"),
        summary=f"{wording.markdown(why)}\n\n{wording.markdown(advice)}".strip(),
        say=say,
    )


def skipped(why: str, policy: Policy, say: Words) -> Check:
    """The policy asks for no review; where it sets a gate, no author may walk around it."""
    gated = policy.fail_on is not None and policy.enabled
    because = say.told(why)
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED if gated else Conclusion.SKIPPED,
        title=wording.shortened(say("Not reviewed: {why}", why=because), 250),
        summary=say("This pull request was not reviewed: {why}.", why=wording.markdown(because)),
        say=say,
    )


def paused(who: str, policy: Policy, say: Words) -> Check:
    """Somebody paused the reviews of this pull request; a gate stays closed meanwhile."""
    gated = policy.fail_on is not None and policy.enabled
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED if gated else Conclusion.NEUTRAL,
        title=say("Not reviewed: {who} paused its reviews", who=wording.one_line(who)),
        summary=say(
            "Reviews of this pull request are paused. The comment `/reviewbot resume` ends "
            "that; `/reviewbot review full` asks for a single one."
        ),
        say=say,
    )


def too_dear(pull: PullRequest, expected: Forecast, most: PicoUsd, say: Words) -> Check:
    """The quote is over the policy's threshold: nothing is asked until somebody approves."""
    usd = format_usd(expected.p90)
    why = say(
        "Nine of ten reviews of this size cost up to {usd}, and the policy "
        "lets {most} pass unasked (`budget.approve_above`). Nothing was asked, "
        "nothing was spent.\n\nSomebody with write access approves this commit's review with "
        "the comment `/reviewbot approve-cost {head}`.",
        usd=usd,
        most=format_usd(most),
        head=pull.head_sha[:10],
    )
    return Check(
        conclusion=Conclusion.ACTION_REQUIRED,
        title=say("Not reviewed: it may cost {usd}, which needs approval", usd=usd),
        summary=f"{told(expected, say)}\n\n{why}",
        say=say,
    )


def superseded(say: Words) -> Check:
    """A newer push made this head's review pointless."""
    return Check(
        conclusion=Conclusion.CANCELLED,
        title=say("Superseded by a newer push"),
        summary=say("A newer push came before this review was done. It is reviewed instead."),
        say=say,
    )


def closed(say: Words) -> Check:
    """The pull request was closed before its review was done."""
    return Check(
        conclusion=Conclusion.CANCELLED,
        title=say("Closed before the review was done"),
        summary=say(
            "The pull request was closed, so its review was stopped. "
            "Reopening it asks for a review again."
        ),
        say=say,
    )


def gave_up(say: Words) -> Check:
    """The review failed again and again; nobody tries until something new happens."""
    return Check(
        conclusion=Conclusion.NEUTRAL,
        title=say("Not reviewed: it failed again and again"),
        summary=say(
            "The review of this pull request failed several times, so it was given up. "
            "A new push, or reopening the pull request, asks for it again."
        ),
        say=say,
    )
