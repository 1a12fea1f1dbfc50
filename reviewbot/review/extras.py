"""Labels and the described body, where the policy asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.extras import CLEAN, INCOMPLETE, WORDS, Extras, Label
from reviewbot.domain.finding import Severity
from reviewbot.review.walkthrough import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.outcome import Report
    from reviewbot.domain.policy import Policy
    from reviewbot.review.words import Words

_COLORS = {
    Severity.CRITICAL: "b60205",
    Severity.HIGH: "d93f0b",
    Severity.MEDIUM: "fbca04",
    Severity.LOW: "c5def5",
    Severity.INFO: "ededed",
}


def extras(report: Report, policy: Policy, say: Words) -> Extras | None:
    """What is set besides the review; None where the policy asks for nothing."""
    if not (policy.labels or policy.description):
        return None
    return Extras(
        labels=tuple(_labels(report, policy.label_prefix)) if policy.labels else (),
        own_labels=_own(policy.label_prefix) if policy.labels else frozenset(),
        description="\n".join(folded(report.walkthrough, say)) if policy.description else "",
    )


def _labels(report: Report, prefix: str) -> Iterator[Label]:
    """The worst open severity, or that there is none; and whether something was left unread.

    Names are for filters and other programs: they are not translated.
    """
    worst = next((judged.finding.severity for judged in report.open_findings), None)
    if worst is not None:
        about = f"reviewbot's worst open finding is {worst}"
        yield Label(f"{prefix}{worst}", _COLORS[worst], about)
    elif report.receipt.complete:
        yield Label(f"{prefix}{CLEAN}", "0e8a16", "reviewbot read everything and found nothing")
    if not report.receipt.complete:
        yield Label(f"{prefix}{INCOMPLETE}", "5319e7", "reviewbot did not read everything")


def _own(prefix: str) -> frozenset[str]:
    return frozenset(f"{prefix}{word}" for word in WORDS)
