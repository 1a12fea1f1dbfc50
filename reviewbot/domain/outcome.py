"""How a review ends: what was read, what was found, what it cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.money import NOTHING
from reviewbot.domain.tip import NO_TIPS

if TYPE_CHECKING:
    from reviewbot.domain.diff import Anchor, Spot
    from reviewbot.domain.finding import Finding, Severity, Standing, Tier
    from reviewbot.domain.forecast import Forecast
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.domain.tip import Tips
    from reviewbot.domain.walkthrough import FileChange


class Coverage(StrEnum):
    """The one class that a segment of the diff ends in."""

    READ = "read"
    KNOWN = "known"
    EXCLUDED = "excluded"
    OVER_BUDGET = "over budget"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Segment:
    """A hunk, a part of one that was split, or an entry without hunks (*lines* is empty)."""

    path: str
    lines: str  # "10-40", in the new file; "-10-40" in the old one where all are deleted
    added: int  # how many lines it adds

    def __str__(self) -> str:
        return f"{self.path}:{self.lines}" if self.lines else self.path


@dataclass(frozen=True, slots=True)
class Covered:
    """What became of a segment; *detail* is the rule, the reason, or tier and model."""

    segment: Segment
    coverage: Coverage
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that nothing of the diff was lost: every segment, once."""

    entries: tuple[Covered, ...]

    def count(self, coverage: Coverage) -> int:
        """How many segments ended in *coverage*."""
        return sum(entry.coverage is coverage for entry in self.entries)

    def added_lines(self, coverage: Coverage) -> int:
        """How many added lines ended in *coverage*."""
        return sum(e.segment.added for e in self.entries if e.coverage is coverage)

    def reasons(self, coverage: Coverage) -> list[tuple[str, int]]:
        """The details of one class with their counts, most frequent first."""
        return Counter(e.detail for e in self.entries if e.coverage is coverage).most_common()

    @property
    def complete(self) -> bool:
        """Whether everything that was not excluded by rule was read."""
        return not (self.count(Coverage.OVER_BUDGET) or self.count(Coverage.FAILED))


class Fate(StrEnum):
    """What became of a finding; none is dropped."""

    COMMENT = "comment"  # an inline comment of this review
    STANDING = "standing"  # posted by an earlier review, and still true
    SUMMARY = "summary"  # in the summary: beyond the cap, or without a proven line
    SILENCED = "silenced"  # somebody with write access does not want to hear of it
    WITHHELD = "withheld"  # not shown to people by default


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with its proven place and its fate; *why* explains the fate."""

    finding: Finding
    fingerprint: str
    anchor: Anchor | None
    tier: Tier
    model: str
    standing: Standing
    fate: Fate
    why: str = ""
    code: tuple[str, ...] = ()  # the anchored lines, as the diff has them
    spot: Spot | None = None  # the line that it is about, where GitHub does not show it
    cost: PicoUsd = NOTHING  # of the answers about its chunk, in 10**-12 USD

    @property
    def is_open(self) -> bool:
        """Whether it counts for the conclusion."""
        return self.fate not in {Fate.SILENCED, Fate.WITHHELD}


@dataclass(frozen=True, slots=True)
class Escalation:
    """A second look: which chunk, why, and what came of it."""

    path: str
    reason: str
    confirmed: int = 0
    rejected: int = 0
    done: bool = True
    over_budget: bool = False  # not done for want of money


@dataclass(frozen=True, slots=True)
class Bill:
    """Money of one review, in 10**-12 USD.

    *spent* is what this review's calls cost, *presumed* what calls with an unknown end
    may have cost, *saved* what known answers cost when they were asked, and *saved_tokens* how
    many tokens that took; *pr_total* is the pull request's lifetime total of spent and presumed,
    *pr_limit* its limit.
    """

    spent: PicoUsd
    presumed: PicoUsd
    saved: PicoUsd
    pr_total: PicoUsd
    pr_limit: PicoUsd
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    saved_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Shortage:
    """A limit that had no room for a call: what was spent of it, and what the call needed.

    *kept* of it is out of a second look's reach; *closed_by* is an endpoint that overbilled.
    """

    scope: str  # as people call it
    limit: PicoUsd
    spent: PicoUsd  # settled and presumed
    needed: PicoUsd  # by the first call that was refused
    refused: int = 1  # how many calls
    kept: PicoUsd = NOTHING
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """What became of earlier findings; *fixed* are those whose code is gone by now."""

    fixed: int
    still_open: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a review found out; what people read is composed from it."""

    pull: PullRequest
    findings: tuple[Judged, ...]
    receipt: Receipt
    escalations: tuple[Escalation, ...]
    bill: Bill
    fail_on: Severity | None
    since: Since | None = None
    fixed: tuple[PostedFinding, ...] = ()  # earlier findings whose threads do not say so yet
    shortages: tuple[Shortage, ...] = ()  # one a limit that refused calls
    forecast: Forecast | None = None  # what was said that it would cost, before anything was asked
    walkthrough: tuple[FileChange, ...] = ()  # the files that were to be read
    language: str = "en"  # what the policy wants it to be told in
    tips: Tips = NO_TIPS  # findings of other tools

    @property
    def open_findings(self) -> tuple[Judged, ...]:
        """What counts for the conclusion, worst first."""
        return tuple(
            sorted((f for f in self.findings if f.is_open), key=lambda f: f.finding.severity.rank)
        )

    @property
    def reaches_gate(self) -> bool:
        """Whether an open finding is at or over ``fail_on``."""
        gate = self.fail_on
        return gate is not None and any(
            judged.finding.severity.reaches(gate) for judged in self.open_findings
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The whole way was gone; *url* is where the review stands, empty where nothing was posted."""

    report: Report
    url: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """The policy, or the pull request's state, asks for no review."""

    request: ReviewRequest
    why: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer head made this review pointless before it was published."""

    request: ReviewRequest
    by: str


Outcome = Reviewed | Skipped | Superseded
