"""The check of a commit that stands in several pull requests: the worst of them counts.

GitHub asks for a check by commit, so a harmless pull request to another base must not turn a
commit green that fails in its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.review.ports import Check, Conclusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.review.ports import Verdict
    from reviewbot.review.words import Words

# Worst first; what is under way counts as what still has to be done.
_ORDER = (
    Conclusion.FAILURE,
    Conclusion.ACTION_REQUIRED,
    Conclusion.CANCELLED,
    Conclusion.NEUTRAL,
    Conclusion.SKIPPED,
    Conclusion.SUCCESS,
)


def joint(check: Check, others: Sequence[Verdict]) -> Check:
    """*check*, or what another pull request with the same commit says that is worse."""
    if not others:
        return check
    worst = min(others, key=lambda each: _ORDER.index(_standing(each)))
    if _ORDER.index(_standing(worst)) >= _ORDER.index(check.conclusion):
        return check
    say, number = check.say, worst.number
    if worst.conclusion is None:
        title = say("Waits for #{number}, which has the same commit", number=number)
    else:
        title = say("#{number} has the same commit: {verdict}", number=number, verdict=worst.title)
    why = say(
        "{title}. A check belongs to a commit, and the worst of its pull requests counts.",
        title=title,
    )
    return replace(
        check,
        conclusion=_standing(worst),
        title=title,
        summary=f"{why}\n\n{check.summary}",
    )


def graver(one: Conclusion, other: Conclusion) -> Conclusion:
    """The worse of two conclusions."""
    return min(one, other, key=_ORDER.index)


def own(verdict: Verdict, say: Words) -> Check:
    """What a concluded review said, in short."""
    conclusion = _standing(verdict)
    summary = say("The summary comment of the pull request says more.")
    return Check(conclusion=conclusion, title=verdict.title, summary=summary, say=say)


def _standing(verdict: Verdict) -> Conclusion:
    return verdict.conclusion or Conclusion.ACTION_REQUIRED
