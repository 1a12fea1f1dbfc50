"""Findings of other tools: what they say, and what the models made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.finding import Category, Finding, Severity


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file; an absolute *path* begins somewhere above the repository's root."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class ToolFinding:
    """What a tool reports: foreign text in every field."""

    tool: str
    rule: str
    message: str
    severity: Severity
    category: Category
    cwe: str | None
    places: tuple[Place, ...]


class Hearing(StrEnum):
    """What the models made of a tool's finding."""

    CONFIRMED = "confirmed"  # it became a finding of the review
    DISMISSED = "dismissed"
    UNDECIDED = "undecided"  # they looked, and could not tell
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Tip:
    """A tool's finding on a changed line, what came of it, and why."""

    finding: Finding
    hearing: Hearing
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tips:
    """All of them; *outside* counts those that are on no changed line."""

    tips: tuple[Tip, ...] = ()
    outside: int = 0


NO_TIPS = Tips()
