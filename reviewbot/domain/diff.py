"""A diff and the places in it that a comment may be anchored to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.finding import Side


class Change(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    DELETED = "deleted"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"


class Content(StrEnum):
    """What a file holds, as far as the diff tells."""

    TEXT = "text"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symlink"
    LFS = "lfs"  # the pointer is diffed, never the content
    MISSING = "missing"  # changed, but the source gave no lines
    OUTSIZED = "outsized"  # its lines were given up, as the diff takes too much memory


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk, without its sign and line feed (a carriage return before it stays).

    *old* and *new* are its numbers in the old and the new file, None where it is not there.
    """

    sign: str  # "+", "-" or " "
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """Consecutive lines of one file; *heading* is what follows the second @@."""

    old_start: int
    new_start: int
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One entry of a diff. *path* is GitHub's: the new name, or the old one of a deleted file.

    *shown* tells whether GitHub shows its lines, so that a comment can stand on them; *unseen* is
    how many lines it adds of which none is held here.
    """

    path: str
    old_path: str | None  # the earlier name, where it differs
    change: Change
    content: Content
    hunks: tuple[Hunk, ...]
    shown: bool = True
    unseen: int = 0

    @property
    def added(self) -> int:
        """How many lines it adds."""
        return self.unseen + sum(line.sign == "+" for h in self.hunks for line in h.lines)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that could not be parsed: a named gap, never a lost file."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A proven place for a comment; made only by ``AnchorIndex.anchor``.

    *start_line* equals *line* for one line. Both lie on *side*, in one hunk.
    """

    path: str
    side: Side
    start_line: int
    line: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of code by its text, which is found again wherever it moves.

    *nth* tells equal lines of the file apart: how many stand before it.
    """

    path: str
    side: Side
    text: str
    nth: int


@dataclass(frozen=True, slots=True)
class Unanchored:
    """Why no comment can stand there, for people; *spot* is the line where only GitHub lacks it."""

    why: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """All that a pull request changes."""

    files: tuple[FileDiff, ...]
    unreadable: tuple[Unreadable, ...] = ()
