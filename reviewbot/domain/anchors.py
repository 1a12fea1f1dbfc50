"""Proves where in a diff a comment belongs.

A quote is looked up in the diff's own lines; the line numbers that a model names only choose
between equal places close to them, and a range is as long as its quote. What is not found, or is
found in several places that are all far from the numbers, has no anchor.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reviewbot.domain.column import FOREIGN, Column
from reviewbot.domain.diff import Anchor, Spot, Unanchored
from reviewbot.domain.finding import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.diff import Diff, FileDiff

_MOST_QUOTED = 60  # lines
_LONGEST_QUOTE = 20_000  # characters
_OTHER = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
# What models leave before a line: the prompt's number and sign, or a diff's sign alone.
_PREFIXES = (
    re.compile(r"\s{0,8}[0-9]{1,9} ([-+ ])(?: |$)(.*)", re.DOTALL),
    re.compile(r"([-+])(.*)", re.DOTALL),
    re.compile(r"\s{0,3}([-+]) (.*)", re.DOTALL),
    re.compile(r"\s{0,8}[0-9]{1,9}(?:\s{0,3}[:|]\s?| )([-+]?)(.*)", re.DOTALL),
)


class AnchorIndex:
    """The commentable lines of a diff, by their text."""

    def __init__(self, diff: Diff) -> None:
        self._files: dict[str, list[FileDiff]] = {}
        self._renamed: dict[str, str] = {}
        for file in diff.files:
            self._files.setdefault(file.path, []).append(file)
            if file.old_path:
                self._renamed.setdefault(file.old_path, file.path)
        self._columns: dict[tuple[str, Side], Column] = {}

    def anchor(
        self, path: str, side: Side, quote: str, hint: tuple[int, int]
    ) -> Anchor | Unanchored:
        """The place of *quote*; *hint* is the range that a model named, and only that."""
        known = self._path(path)
        if known is None:
            return Unanchored("its file is not in the diff, or not told apart")
        found = self._found(known, side, quote, hint)
        if isinstance(found, Unanchored) or all(file.shown for file in self._files[known]):
            return found
        why = "GitHub shows no lines of its file: the change is too large"
        return Unanchored(why, self.spot(found))

    def _found(
        self, known: str, side: Side, quote: str, hint: tuple[int, int]
    ) -> Anchor | Unanchored:
        lines = _trimmed(quote[:_LONGEST_QUOTE].split("\n"))[:_MOST_QUOTED]
        if not lines:
            return Unanchored("it quotes no line")
        begins = len(lines) > 1 and any(map(str.isalnum, lines[0]))
        for quoted in (lines, lines[:1]) if begins else (lines,):
            found = self._place(known, side, quoted, hint)
            if isinstance(found, Unanchored):
                return found
            if found:
                return self._anchor(known, *found)
        return Unanchored("its quote is not in the diff of the file")

    def _place(
        self, path: str, side: Side, quoted: Sequence[str], hint: tuple[int, int]
    ) -> tuple[Side, tuple[int, int]] | Unanchored | None:
        """Where *quoted* stands: within the hint's reach, or else in the only place there is."""
        for prefix in (None, *_PREFIXES):
            sides = [(at, self._column(path, at)) for at in (side, _OTHER[side])]
            wanted = [(at, column, _read(quoted, prefix, at)) for at, column in sides]
            for at, column, lines in wanted:
                if lines and (span := column.near(lines, hint)):
                    return at, span
            for at, column, lines in wanted:
                found = column.everywhere(lines) if lines else []
                if len(found) > 1:
                    return Unanchored("its quote stands on several lines far from its number")
                if found:
                    return at, found[0]
        return None

    def code(self, anchor: Anchor) -> tuple[str, ...]:
        """The anchored lines, as the diff has them; none where the anchor is of another diff."""
        column = self._column(anchor.path, anchor.side)
        first, last = column.at(anchor.start_line), column.at(anchor.line)
        return () if first is None or last is None else column.texts(first, last)

    def spot(self, anchor: Anchor) -> Spot:
        """The anchor's first line by its text."""
        column = self._column(anchor.path, anchor.side)
        text = self.code(anchor)[0]
        nth = [column.number(at) for at in column.where(0, text)].index(anchor.start_line)
        return Spot(anchor.path, anchor.side, text, nth)

    def names(self, path: str) -> str | None:
        """The diff's name of a file by its present or earlier name; None where it is not there."""
        return path if path in self._files else self._renamed.get(path)

    def near(self, anchor: Anchor, reach: int) -> tuple[str, ...]:
        """The lines of the anchor's hunk and side that are at most *reach* lines away from it."""
        return self._column(anchor.path, anchor.side).around(anchor, reach)

    def holds(self, path: str, side: Side, digest: str) -> bool:
        """Whether a line with that ``digest_of`` stands in the file's hunks."""
        return self._column(path, side).holds(digest)

    def _anchor(self, path: str, side: Side, span: tuple[int, int]) -> Anchor:
        """GitHub knows a deleted line as LEFT and every other line as RIGHT."""
        column = self._column(path, side)
        lines = column.lines[span[0] : span[1] + 1]
        if side is Side.LEFT and all(line.sign == " " for line in lines):
            column = self._column(path, Side.RIGHT)
            first, last = (column.at(line.new or 0) or 0 for line in (lines[0], lines[-1]))
            span = (first, last if last - first == span[1] - span[0] else first)
        ends = [
            at
            for at in range(span[0], span[1] + 1)
            if column.side is Side.RIGHT or column.lines[at].sign == "-"
        ]
        return Anchor(path, column.side, column.number(ends[0]), column.number(ends[-1]))

    def _path(self, path: str) -> str | None:
        """The diff's name of a file that a model named; a part of it will do where it is unique."""
        bare = path.strip()
        for name in (path, *(bare.removeprefix(begin) for begin in ("", "./", "a/", "b/"))):
            if name in self._files:
                return name
            if name in self._renamed:
                return self._renamed[name]
        shown = " ".join(path.split())  # a prompt shows every name on one line
        spaced = [known for known in self._files if " ".join(known.split()) == shown]
        if spaced:
            return spaced[0] if len(spaced) == 1 else None
        tail = "/" + bare.strip("/")
        whole = bare.startswith("/")  # the path of a checkout; others are invented
        alike = [
            known
            for known in self._files
            if known.endswith(tail) or (whole and tail.endswith("/" + known))
        ]
        return alike[0] if len(alike) == 1 and tail != "/" else None

    def _column(self, path: str, side: Side) -> Column:
        key = (path, side)
        if key not in self._columns:
            column = self._columns[key] = Column(side)
            hunks = (hunk for file in self._files.get(path, ()) for hunk in file.hunks)
            for count, hunk in enumerate(hunks):
                column.add(hunk, count)
        return self._columns[key]


# --- quotes ----------------------------------------------------------------------------------


def _read(quoted: Sequence[str], prefix: re.Pattern[str] | None, side: Side) -> Sequence[str]:
    """The lines that a quote shows of one side, if *prefix* stands before them; else none."""
    if prefix is None:
        return quoted
    matches = [prefix.fullmatch(line) for line in quoted]
    if not any(matches):
        return ()
    return _trimmed(
        [
            match[2] if match else line
            for match, line in zip(matches, quoted, strict=True)
            if not match or match[1] != FOREIGN[side]
        ]
    )


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without blank lines at the beginning and the end."""
    written = [index for index, line in enumerate(lines) if line.strip()]
    return list(lines[written[0] : written[-1] + 1]) if written else []
