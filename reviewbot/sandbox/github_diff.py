"""Reads a git diff just far enough to judge where a comment may stand.

It is written apart from ``reviewbot.domain.patch`` on purpose: the judge of reviewbot's
anchors must not share its mistakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_ESCAPED[b"v"] = b"\v"


@dataclass
class DiffHunk:
    """One hunk: its bytes, and for each side the place of every line number in it."""

    raw: list[bytes]
    places: dict[str, dict[int, int]] = field(default_factory=lambda: {"LEFT": {}, "RIGHT": {}})
    additions: int = 0
    deletions: int = 0


@dataclass
class DiffEntry:
    """One file of a diff, named as GitHub names it."""

    path: str
    old_path: str
    status: str = "modified"
    hunks: list[DiffHunk] = field(default_factory=list)

    @property
    def patch(self) -> str | None:
        """What the files API shows of it, None where there is nothing to show."""
        if not self.hunks:
            return None
        lines = [line for hunk in self.hunks for line in hunk.raw]
        return b"\n".join(lines).decode(errors="replace")


def read_diff(diff: bytes) -> dict[str, DiffEntry]:
    """The entries of a git diff, by path."""
    lines = diff.split(b"\n")
    entries: dict[str, DiffEntry] = {}
    at = 0
    while at < len(lines):
        if not lines[at].startswith(b"diff --git "):
            at += 1
            continue
        entry, at = _read_entry(lines, at)
        if entry.path in entries:  # a file that became a symlink: git deletes and adds it
            entries[entry.path].hunks += entry.hunks
        else:
            entries[entry.path] = entry
    return entries


def find_hunk(entry: DiffEntry, side: str, line: int) -> DiffHunk | None:
    """The hunk that shows *line* on *side*."""
    return next((hunk for hunk in entry.hunks if line in hunk.places[side]), None)


def _read_entry(lines: list[bytes], at: int) -> tuple[DiffEntry, int]:
    old, new = _header_names(lines[at].removeprefix(b"diff --git "))
    status = "modified"
    at += 1
    while at < len(lines) and not lines[at].startswith((b"diff --git ", b"@@ ")):
        old, new, status = _extended_header(lines[at], old, new, status)
        at += 1
    path = old if status == "removed" else new
    entry = DiffEntry(path.decode(errors="replace"), old.decode(errors="replace"), status)
    while at < len(lines) and lines[at].startswith(b"@@ "):
        hunk, at = _read_hunk(lines, at)
        entry.hunks.append(hunk)
    return entry, at


def _extended_header(line: bytes, old: bytes, new: bytes, status: str) -> tuple[bytes, bytes, str]:
    if line.startswith(b"new file mode"):
        return old, new, "added"
    if line.startswith(b"deleted file mode"):
        return old, new, "removed"
    for word, kind in ((b"rename", "renamed"), (b"copy", "copied")):
        if line.startswith(word + b" from "):
            return _plain(line[len(word) + 6 :]), new, kind
        if line.startswith(word + b" to "):
            return old, _plain(line[len(word) + 4 :]), kind
    return old, new, status


def _header_names(names: bytes) -> tuple[bytes, bytes]:
    """Old and new name of ``a/x b/x``; a rename that this misreads names both again below."""
    if names.startswith(b'"'):
        first = _QUOTED.match(names)
        end = first.end() if first else len(names)
        return _plain(names[:end])[2:], _plain(names[end + 1 :])[2:]
    if names.endswith(b'"'):
        old, _, new = names.partition(b' "')
        return old[2:], _plain(b'"' + new)[2:]
    half = (len(names) - 1) // 2
    if names[2:half] == names[half + 3 :]:
        return names[2:half], names[half + 3 :]
    old, _, new = names.partition(b" b/")
    return old[2:], new


def _plain(name: bytes) -> bytes:
    """A name without git's C quotes."""
    quoted = _QUOTED.fullmatch(name)
    return _ESCAPE.sub(_unescape, quoted[1]) if quoted else name


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 255]) if len(code) > 1 else _ESCAPED.get(code, code)


def _read_hunk(lines: list[bytes], at: int) -> tuple[DiffHunk, int]:
    hunk = DiffHunk([lines[at]])
    found = _HUNK.match(lines[at])
    at += 1
    if found is None:
        return hunk, at
    old, new = int(found[1]), int(found[3])
    old_end = old + int(found[2] or 1)
    new_end = new + int(found[4] or 1)
    while at < len(lines) and (old < old_end or new < new_end or lines[at][:1] == b"\\"):
        sign = lines[at][:1]
        _place(hunk, sign, old, new)
        hunk.raw.append(lines[at])
        old += sign not in (b"+", b"\\")
        new += sign not in (b"-", b"\\")
        at += 1
    return hunk, at


def _place(hunk: DiffHunk, sign: bytes, old: int, new: int) -> None:
    place = len(hunk.raw)
    if sign == b"\\":
        return
    if sign != b"+":
        hunk.places["LEFT"][old] = place
    if sign != b"-":
        hunk.places["RIGHT"][new] = place
    hunk.additions += sign == b"+"
    hunk.deletions += sign == b"-"
