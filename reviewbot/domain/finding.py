"""Findings: what a model claims, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Side(StrEnum):
    """The side of a diff, in GitHub's words: RIGHT is the new file, LEFT the old one."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


class Category(StrEnum):
    """What kind of defect it is."""

    SECURITY = "security"
    CORRECTNESS = "correctness"
    PERFORMANCE = "performance"
    CONCURRENCY = "concurrency"
    MAINTAINABILITY = "maintainability"
    TESTING = "testing"
    DOCUMENTATION = "documentation"


class Severity(StrEnum):
    """How bad it is if true, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def reaches(self, threshold: Severity) -> bool:
        """Whether it is at least as bad as *threshold*."""
        return self.rank <= threshold.rank


class Tier(StrEnum):
    """Which reader: cheap reads everything, strong looks again, local costs nothing."""

    CHEAP = "cheap"
    STRONG = "strong"
    LOCAL = "local"


class Verdict(StrEnum):
    """What the strong tier says of a cheap finding."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


class Standing(Enum):
    """How far a finding may be believed."""

    UNCHECKED = "unchecked"  # the cheap tier alone
    CONFIRMED = "confirmed"  # the strong tier agreed, corrected it, or found it itself
    UNCERTAIN = "uncertain"  # the strong tier could not tell
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Finding:
    """One claimed defect.

    *start_line* and *end_line* are hints only: a model's numbers are never trusted,
    the place is proven by *quote* (see ``AnchorIndex``). *reported_by* names another tool and its
    rule, where one reported it.
    """

    path: str
    side: Side
    start_line: int
    end_line: int
    quote: str
    category: Category
    severity: Severity
    confidence: float
    title: str
    explanation: str
    suggestion: str | None = None
    cwe: str | None = None
    rule: str | None = None
    reported_by: str = ""
