"""Chooses what the strong tier reads again, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.review.earlier import lost
from reviewbot.review.plan import changed_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.finding import Finding
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.review.answer import Reading
    from reviewbot.review.prompt import Task

LEAST_LINES = 300  # a small pull request may be read twice in full


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the cheap tier made of a chunk; *reading* is None where its answers were unusable."""

    task: Task
    reading: Reading | None
    model: str = ""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A chunk that deserves the strong tier."""

    surveyed: Surveyed
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What is read again, most important first, and what would have been but for *max_share*."""

    taken: tuple[SecondLook, ...]
    left: tuple[SecondLook, ...]


def choose(
    survey: Sequence[Surveyed],
    policy: Policy,
    audited: Callable[[str], bool],
    posted: Sequence[PostedFinding] = (),
) -> Choice:
    """Pick the chunks for a second look.

    *audited* draws the random audits by answer key; *posted* are findings of earlier pushes.
    """
    ranked = [
        (weight, index, SecondLook(surveyed, reason))
        for index, surveyed in enumerate(survey)
        for weight, reason in [_reason(surveyed, policy, audited, posted)]
        if reason
    ]
    ranked.sort(key=lambda entry: entry[:2])
    total = sum(changed_lines(surveyed.task.chunk) for surveyed in survey)
    room = max(LEAST_LINES, int(total * policy.escalation.max_share))
    taken: list[SecondLook] = []
    left: list[SecondLook] = []
    for _, _, look in ranked:
        lines = changed_lines(look.surveyed.task.chunk)
        if lines <= room:
            room -= lines
            taken.append(look)
        else:
            left.append(look)
    return Choice(tuple(taken), tuple(left))


def _reason(
    surveyed: Surveyed,
    policy: Policy,
    audited: Callable[[str], bool],
    posted: Sequence[PostedFinding],
) -> tuple[int, str]:
    """The weightiest reason, lower is weightier; empty if there is none.

    Local triggers come before what the cheap tier says: it may have been talked into silence.
    """
    chunk, reading, tips = surveyed.task.chunk, surveyed.reading, surveyed.task.tips
    findings = [] if reading is None else _worthy(reading, policy)
    severe = [f for f in findings if f.severity in policy.escalation.severities]
    unsure = [f for f in findings if f.confidence < policy.escalation.confidence_below]
    reasons = (
        chunk.triggers[0] if chunk.triggers else "",
        "an earlier finding is not named any more" if lost(surveyed, posted) else "",
        f"severity {min(severe, key=lambda f: f.severity.rank).severity}" if severe else "",
        f"confidence {min(f.confidence for f in unsure):.2f}" if unsure else "",
        "unusable answers of the cheap tier" if reading is None else "",
        "random audit" if audited(surveyed.task.key) else "",
        # Last: however much other tools report, it takes no room from what we doubt ourselves.
        f"reported by {tips[0].finding.reported_by}" if tips else "",
    )
    return next(((weight, why) for weight, why in enumerate(reasons) if why), (len(reasons), ""))


def _worthy(reading: Reading, policy: Policy) -> list[Finding]:
    return [f for f in reading.findings if f.severity.reaches(policy.min_severity)]
