"""Reads diffs.

A small state machine of its own rather than unidiff: that splits at form feeds, U+2028 and
lone carriage returns too, and raises at the first broken entry. Here a line feed alone ends
a line, the counts of a hunk's header say where it ends, and an entry that makes no sense
becomes a named gap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Hunk, Line, Unreadable
from reviewbot.domain.errors import DiffError
from reviewbot.domain.held import MOST_HELD, HeldFiles
from reviewbot.domain.patch_header import (
    HEADER_LINES,
    Header,
    git_header,
    marked,
    plain_name,
)
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HUNK = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@ ?")
_BINARY = re.compile(r"Binary files (.+) and (.+) differ")
_ONLY = re.compile(r"Only in (.*): (.*)")
_MODULE = re.compile(r"Submodule (.+) [0-9a-f]{7,64}\.{2,3}[0-9a-f]{7,64}(?: \([a-z ]+\))?:?")
_LONGEST_NOTE = 10_000  # characters; two paths are shorter
_MODULE_LINE = re.compile(r"Subproject commit [0-9a-f]{40,64}(?:-dirty)?")
_POINTER_LINE = re.compile(
    r"version https://git-lfs\.github\.com/spec/v1|oid sha256:[0-9a-f]{64}|size [0-9]{1,20}"
    r"|ext-[0-9]-[\w-]{1,64} sha256:[0-9a-f]{64}"
)
_POINTER_MOST = 20  # lines of a pointer's diff
_POINTER_NAME = re.compile(r"oid sha256:")
_STATUSES = {
    "added": Change.ADDED,
    "removed": Change.DELETED,
    "renamed": Change.RENAMED,
    "copied": Change.COPIED,
}


def parse_diff(raw: bytes, most_held: int = MOST_HELD) -> Diff:
    """Read a git diff, GitHub's raw diff or the output of ``diff -u``.

    An entry that cannot be read is listed as such; raises DiffError where there is none at all.
    Beyond *most_held* bytes of memory the largest files are named without their lines.
    """
    if not raw.strip():
        return Diff(())
    lines = _lines(raw.decode("utf-8", errors="replace").removeprefix("\ufeff"))
    reader = _Reader(lines, files=HeldFiles(most_held))
    while not reader.ended:
        _entry(reader)
    if not (len(reader.files) or reader.unreadable):
        message = "this is no diff"
        raise DiffError(message, "Pass what `git diff` or `diff -u` writes.")
    return Diff(tuple(reader.files), tuple(reader.unreadable))


def file_from_patch(
    path: str, old_path: str | None, status: str, patch: str | None, changes: int
) -> FileDiff | Unreadable:
    """Read one entry of GitHub's list of files; *changes* is how many lines it says changed."""
    change = change_of(status)
    if not patch:
        content = Content.MISSING if changes else Content.TEXT
        return FileDiff(path, old_path, change, content, ())
    reader = _Reader(_lines(patch))
    try:
        hunks = _hunks(reader)
    except _BrokenError as broken:
        return Unreadable(path, broken.why)
    if not hunks or not reader.ended:
        return Unreadable(path, Phrase("its patch holds something else than hunks"))
    given = sum(line.sign != " " for hunk in hunks for line in hunk.lines)
    if given < changes:
        return Unreadable(
            path,
            Phrase(
                "only {given} of its {changes} changed lines were given",
                given=given,
                changes=changes,
            ),
        )
    return FileDiff(path, old_path, change, _content(hunks, Content.TEXT), hunks)


def change_of(status: str) -> Change:
    """What GitHub's word for a file's change means."""
    return _STATUSES.get(status, Change.MODIFIED)


class _BrokenError(Exception):
    """An entry that makes no sense; *why* is for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class _Reader:
    """A cursor over lines, and what was read so far."""

    lines: Sequence[str]
    at: int = 0
    files: HeldFiles = field(default_factory=HeldFiles)
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.at >= len(self.lines)

    def line(self, ahead: int = 0) -> str:
        """A line at or after the cursor, empty beyond the end."""
        index = self.at + ahead
        return self.lines[index] if index < len(self.lines) else ""

    def at_plain_entry(self) -> bool:
        """Whether ``---``, ``+++`` and a hunk follow each other here."""
        return (
            self.line().startswith("--- ")
            and self.line(1).startswith("+++ ")
            and self.line(2).startswith("@@ -")
        )

    def at_entry(self) -> bool:
        """Whether an entry begins here."""
        return self.line().startswith("diff --") or self.at_plain_entry()

    def skip_to_entry(self) -> None:
        """Go on to where an entry begins, or to the end."""
        while not self.ended and not self.at_entry():
            self.at += 1


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


# --- entries ---------------------------------------------------------------------------------


def _entry(reader: _Reader) -> None:
    """Read one entry, or pass over a line between entries."""
    line = reader.line().rstrip("\r")
    if line.startswith("diff --git "):
        _read(reader, _git_entry, git_header(line.removeprefix("diff --git ")))
    elif line.startswith(("diff --cc ", "diff --combined ")):
        name = plain_name(line.split(" ", 2)[2])
        reader.at += 1
        _give_up(reader, name, "a combined diff has more than two sides")
    elif reader.at_plain_entry():
        _read(reader, _plain_entry, Header())
    elif _HUNK.match(line):
        reader.at += 1
        _give_up(reader, "(no name)", "a hunk without a file's name")
    else:
        if len(line) < _LONGEST_NOTE:
            _note(reader, line)
        reader.at += 1


def _read(reader: _Reader, entry: Callable[[_Reader, Header], FileDiff], header: Header) -> None:
    """Read one entry; a broken one becomes a gap, and the next is looked for below its header."""
    try:
        reader.files.add(entry(reader, header))
    except _BrokenError as broken:
        reader.at = header.end
        _give_up(reader, header.path or "(no name)", broken.why)


def _give_up(reader: _Reader, path: str, why: str) -> None:
    reader.unreadable.append(Unreadable(path, why))
    reader.skip_to_entry()


def _note(reader: _Reader, line: str) -> None:
    """Entries of one line, which ``diff -r`` and git write between the others."""
    if match := _BINARY.fullmatch(line):
        header = Header(content=Content.BINARY)
        header.take_marks(plain_name(match[1]), plain_name(match[2]))
        path = header.path or "(no name)"
        reader.files.add(FileDiff(path, None, header.change, Content.BINARY, ()))
    elif match := _ONLY.fullmatch(line):
        why = Phrase("it is on one side only, and its lines are not given")
        reader.unreadable.append(Unreadable(f"{match[1]}/{match[2]}", why))
    elif match := _MODULE.fullmatch(line):
        module = FileDiff(match[1], None, Change.MODIFIED, Content.SUBMODULE, ())
        reader.files.add(module)
    elif line.startswith("* Unmerged path "):
        reader.unreadable.append(Unreadable(plain_name(line[16:]), Phrase("it is not merged yet")))


def _plain_entry(reader: _Reader, header: Header) -> FileDiff:
    old, new = marked(reader.line()), marked(reader.line(1))
    reader.at += 2
    header.end = reader.at
    header.take_marks(old, new)
    hunks = _hunks(reader)
    _check_end(reader)
    if header.change is Change.MODIFIED and len(hunks) == 1:
        header.change = _change_of_whole_file(hunks[0])
    return _file(header, hunks)


def _change_of_whole_file(hunk: Hunk) -> Change:
    """``diff -uN`` marks a file that is not there by its epoch's date and an empty side."""
    if not hunk.old_start and all(line.sign == "+" for line in hunk.lines):
        return Change.ADDED
    if not hunk.new_start and all(line.sign == "-" for line in hunk.lines):
        return Change.DELETED
    return Change.MODIFIED


def _git_entry(reader: _Reader, header: Header) -> FileDiff:
    reader.at += 1
    begin = header.end = reader.at
    while not reader.ended and _header_line(reader.line().rstrip("\r"), header, reader):
        reader.at += 1
    header.end = reader.at
    if header.content is Content.BINARY:
        reader.skip_to_entry()
        return _file(header, ())
    hunks = _hunks(reader)
    if reader.at == begin:
        message = Phrase("nothing stands below its first line")
        raise _BrokenError(message)
    _check_end(reader)
    return _file(header, hunks)


def _header_line(line: str, header: Header, reader: _Reader) -> bool:
    """Take one line of git's extended header; False where it ends."""
    for begin, take in HEADER_LINES:
        if line.startswith(begin):
            take(header, line[len(begin) :])
            return True
    if not line.startswith("--- ") or not reader.line(1).startswith("+++ "):
        return False
    header.take_marks(marked(line), marked(reader.line(1)))
    reader.at += 1
    return True


def _check_end(reader: _Reader) -> None:
    """Refuse a hunk that goes on behind what its header counts (``-- `` ends a mail)."""
    line = reader.line()
    if reader.at_plain_entry() or line.rstrip() == "--":
        return
    if line.startswith(("+", "-", " ")):
        message = Phrase("a hunk holds more lines than its header counts")
        raise _BrokenError(message)


# --- hunks -----------------------------------------------------------------------------------


def _hunks(reader: _Reader) -> tuple[Hunk, ...]:
    """The hunks at the cursor, which moves behind them."""
    hunks: list[Hunk] = []
    old_end = new_end = 0
    while reader.line().startswith("@@"):
        match = _HUNK.match(reader.line())
        if match is None:
            message = Phrase("a hunk's header cannot be read")
            raise _BrokenError(message)
        old, new = int(match[1]), int(match[3])
        old_count, new_count = (int(count) if count else 1 for count in (match[2], match[4]))
        if old + (not old_count) < old_end or new + (not new_count) < new_end:
            message = Phrase("its hunks overlap")
            raise _BrokenError(message)
        heading = reader.line()[match.end() :].rstrip("\r")
        reader.at += 1
        lines = _hunk_lines(reader, (old, old_count), (new, new_count))
        hunks.append(Hunk(old, new, heading, lines))
        old_end, new_end = old + old_count, new + new_count
    return tuple(hunks)


def _hunk_lines(reader: _Reader, old: tuple[int, int], new: tuple[int, int]) -> tuple[Line, ...]:
    """As many lines as the header counts; a mark of a missing line end is passed over."""
    lines: list[Line] = []
    old_at, new_at = old[0], new[0]
    old_end, new_end = old_at + old[1], new_at + new[1]
    while old_at < old_end or new_at < new_end:
        if reader.at >= len(reader.lines):
            message = Phrase("it is cut off inside a hunk")
            raise _BrokenError(message)
        raw = reader.lines[reader.at]
        reader.at += 1
        sign = raw[:1]
        if sign == "+" and new_at < new_end:
            lines.append(Line("+", None, new_at, raw[1:]))
            new_at += 1
        elif sign == "-" and old_at < old_end:
            lines.append(Line("-", old_at, None, raw[1:]))
            old_at += 1
        elif sign in {" ", ""} or raw.isspace():  # programs take a blank line's only space away
            _check_both(old_at < old_end, new_at < new_end)
            lines.append(Line(" ", old_at, new_at, raw[1:] if sign == " " else raw))
            old_at, new_at = old_at + 1, new_at + 1
        elif sign != "\\":
            message = Phrase("a hunk holds fewer lines than its header counts")
            raise _BrokenError(message)
    if reader.line().startswith("\\"):
        reader.at += 1
    return tuple(lines)


def _check_both(*left: bool) -> None:
    if not all(left):
        message = Phrase("a hunk's lines do not agree with its header")
        raise _BrokenError(message)


def _file(header: Header, hunks: tuple[Hunk, ...]) -> FileDiff:
    """The whole entry."""
    path = header.path
    if not path:
        message = Phrase("its name cannot be read")
        raise _BrokenError(message)
    content = _content(hunks, header.content)
    if header.differs and not hunks and content is Content.TEXT:
        content = Content.MISSING
    earlier = header.old if header.old and header.old != path else None
    return FileDiff(path, earlier, header.change, content, hunks)


def _content(hunks: Sequence[Hunk], content: Content) -> Content:
    """What the lines tell beyond the header: a pointer, and nothing else, is told by its form."""
    if content is not Content.TEXT or not 0 < sum(len(h.lines) for h in hunks) <= _POINTER_MOST:
        return content
    texts = [line.text.rstrip("\r") for hunk in hunks for line in hunk.lines]
    if all(map(_MODULE_LINE.fullmatch, texts)):
        return Content.SUBMODULE
    is_pointer = all(map(_POINTER_LINE.fullmatch, texts)) and any(map(_POINTER_NAME.match, texts))
    return Content.LFS if is_pointer else content
