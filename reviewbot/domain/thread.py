"""A thread of comments on a line, as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.finding import Side
    from reviewbot.domain.posted import PostedFinding


@dataclass(frozen=True, slots=True)
class Said:
    """One comment."""

    login: str
    text: str


@dataclass(frozen=True, slots=True)
class Thread:
    """The comments of a thread, the oldest first, and the finding that began it, if one did.

    *line* is None where the line is gone.
    """

    path: str
    side: Side
    line: int | None
    said: tuple[Said, ...]
    finding: PostedFinding | None = None
