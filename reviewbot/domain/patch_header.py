"""Reads what stands above the hunks of a diff's entry: names, modes, blobs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Change, Content

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOBS = re.compile(r"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?")
_EMPTY_BLOBS = re.compile(r"0+|e69de29[0-9a-f]*|473a0f4[0-9a-f]*")  # SHA-1's and SHA-256's
_NOWHERE = "/dev/null"
_PREFIXES = (("a/", "b/"), ("i/", "w/"), ("c/", "i/"), ("c/", "w/"), ("o/", "w/"), ("1/", "2/"))
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
_MODES = {"120000": Content.SYMLINK, "160000": Content.SUBMODULE}


@dataclass(slots=True)
class Header:
    """What stands above the hunks of an entry."""

    old: str = ""
    new: str = ""
    prefixed: bool = True  # the names begin with a/ and b/
    change: Change = Change.MODIFIED
    content: Content = Content.TEXT
    differs: bool = False  # the blobs differ, so that hunks must follow
    end: int = 0  # where the hunks begin

    @property
    def path(self) -> str:
        """The name that GitHub gives the entry."""
        return (self.old if self.change is Change.DELETED else self.new) or self.old or self.new

    def take_marks(self, old: str, new: str) -> None:
        """Take the names from ``---`` and ``+++``."""
        if old == _NOWHERE:
            self.change = Change.ADDED
        elif new == _NOWHERE:
            self.change = Change.DELETED
        if self.change in {Change.RENAMED, Change.COPIED}:
            return
        self.old, self.new = _bare(old, new) if self.prefixed else (old, new)
        self.old, self.new = (name if name != _NOWHERE else "" for name in (self.old, self.new))


# --- git's extended header -------------------------------------------------------------------


def _take_new(header: Header, mode: str) -> None:
    header.change = Change.ADDED
    _take_mode(header, mode)


def _take_deleted(header: Header, mode: str) -> None:
    header.change = Change.DELETED
    _take_mode(header, mode)


def _take_mode(header: Header, mode: str) -> None:
    header.content = _MODES.get(mode.strip(), header.content)


def _take_blobs(header: Header, text: str) -> None:
    if match := _BLOBS.fullmatch(text.strip()):
        old, new, mode = match.groups()
        empty = _EMPTY_BLOBS.fullmatch(old) and _EMPTY_BLOBS.fullmatch(new)
        header.differs = old != new and not empty
        _take_mode(header, mode or "")


def _take_earlier(change: Change) -> Callable[[Header, str], None]:
    def take(header: Header, name: str) -> None:
        header.old, header.change = plain_name(name), change

    return take


def _take_later(header: Header, name: str) -> None:
    header.new = plain_name(name)


def _take_binary(header: Header, _: str) -> None:
    header.content = Content.BINARY


def _take_nothing(_: Header, __: str) -> None:
    pass


HEADER_LINES: tuple[tuple[str, Callable[[Header, str], None]], ...] = (
    ("index ", _take_blobs),
    ("new file mode ", _take_new),
    ("deleted file mode ", _take_deleted),
    ("old mode ", _take_nothing),
    ("new mode ", _take_mode),
    ("similarity index ", _take_nothing),
    ("dissimilarity index ", _take_nothing),
    ("rename from ", _take_earlier(Change.RENAMED)),
    ("rename to ", _take_later),
    ("copy from ", _take_earlier(Change.COPIED)),
    ("copy to ", _take_later),
    ("Binary files ", _take_binary),
    ("GIT binary patch", _take_binary),
)


# --- names -----------------------------------------------------------------------------------


def git_header(text: str) -> Header:
    """The names of ``diff --git``, as far as they can be told apart."""
    old, new = _two_names(text)
    if old == new:
        return Header(old, new, prefixed=False)
    old, new = _bare(old, new)
    return Header(old, new)


def _two_names(text: str) -> tuple[str, str]:
    if text.startswith('"') and (match := _QUOTED.match(text)):
        return plain_name(match[0]), plain_name(text[match.end() :].strip(" "))
    if text.endswith('"') and ' "' in text:
        old, _, new = text.partition(' "')
        return old, plain_name(f'"{new}')
    half = len(text) // 2
    old, new = text[:half], text[half + 1 :]
    if text[half : half + 1] == " " and (old == new or old[2:] == new[2:]):
        return old, new
    old, _, new = text.partition(" b/")  # renamed: the lines below say it again, and better
    return (old, f"b/{new}") if new else ("", text)


def marked(line: str) -> str:
    """The name behind ``---`` or ``+++``; a tab ends it."""
    return plain_name(line[4:].partition("\t")[0].rstrip("\r"))


def _bare(old: str, new: str) -> tuple[str, str]:
    """Both names without git's prefixes, where both have them."""
    for pair in _PREFIXES:
        for first, second in (pair, pair[::-1]):
            if old.startswith((first, _NOWHERE)) and new.startswith((second, _NOWHERE)):
                return old.removeprefix(first), new.removeprefix(second)
    return old, new


def plain_name(text: str) -> str:
    """A name, with git's C-style quotes undone."""
    match = _QUOTED.fullmatch(text)
    if match is None:
        return text
    inner = match[1].encode("utf-8", errors="replace")
    return _ESCAPED.sub(_unescaped, inner).decode("utf-8", errors="replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code.isdigit():
        return bytes([int(code, 8) & 255])
    return bytes([_ESCAPES.get(code, code[0])])
