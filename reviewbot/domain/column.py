"""The lines of one side of a file, looked up by text and by number."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Side
from reviewbot.domain.posted import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.domain.diff import Anchor, Hunk, Line

_MOST_CANDIDATES = 1_000  # equal lines that are compared
_REACH = 3  # lines that a hint may be off by where several places read the same
FOREIGN = {Side.LEFT: "+", Side.RIGHT: "-"}  # signs that a side has no lines of
_LOOKALIKES = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—−", "-")  # noqa: RUF001
)


@dataclass(slots=True)
class Column:
    """The lines of one side of a file, in order, and the hunk that each of them stands in."""

    side: Side
    lines: list[Line] = field(default_factory=list)
    hunks: list[int] = field(default_factory=list)
    _at: dict[int, int] = field(default_factory=dict)
    _digests: set[str] = field(default_factory=set)  # of all lines, once somebody asked
    # By the loosest comparison alone: what the stricter ones find is among it.
    _by_text: dict[str, list[int]] = field(default_factory=dict)

    def add(self, hunk: Hunk, count: int) -> None:
        """Take the lines of a hunk that this side has."""
        foreign = FOREIGN[self.side]
        mine = [line for line in hunk.lines if line.sign != foreign]
        self.lines += mine
        self.hunks += [count] * len(mine)

    def number(self, position: int) -> int:
        """A line's number on this side."""
        line = self.lines[position]
        return (line.new if self.side is Side.RIGHT else line.old) or 0

    def at(self, number: int) -> int | None:
        """The position of a line's number."""
        if not self._at:
            self._at = {self.number(position): position for position in range(len(self.lines))}
        return self._at.get(number)

    def around(self, anchor: Anchor, reach: int) -> tuple[str, ...]:
        """The lines of the anchor's hunk that are at most *reach* lines away from it."""
        first, last = self.at(anchor.start_line), self.at(anchor.line)
        if first is None or last is None:
            return ()
        hunk = self.hunks[first]
        span = range(max(0, first - reach), min(len(self.lines), last + reach + 1))
        return tuple(self.lines[at].text for at in span if self.hunks[at] == hunk)

    def holds(self, digest: str) -> bool:
        """Whether a line has that ``digest_of``."""
        if not self._digests:
            self._digests.update(digest_of(line.text) for line in self.lines)
        return digest in self._digests

    def texts(self, first: int, last: int) -> tuple[str, ...]:
        """The lines from one position to another."""
        return tuple(line.text for line in self.lines[first : last + 1])

    def where(self, level: int, key: str) -> list[int]:
        """The positions whose text is *key* after the normalisation *level*."""
        if not self._by_text:
            for position, line in enumerate(self.lines):
                self._by_text.setdefault(_folded(line.text), []).append(position)
        normal = _LEVELS[level]
        if normal is _folded:
            return self._by_text.get(key, [])
        found = self._by_text.get(_folded(key), ())
        return [position for position in found if normal(self.lines[position].text) == key]

    def near(self, lines: Sequence[str], hint: tuple[int, int]) -> tuple[int, int] | None:
        """First and last position of the best place of *lines* within reach of the hint."""

        def away(first: int) -> int:
            number = self.number(first)
            return max(hint[0] - number, number - hint[1], 0)

        def doubt(first: int) -> tuple[int, bool, int]:
            unchanged = all(line.sign == " " for line in self.lines[first : first + len(lines)])
            return away(first), unchanged, abs(self.number(first) - hint[0])

        for level, keys in _keyed(lines):
            close = (at for at in self.where(level, keys[0]) if away(at) <= _REACH)
            for first in sorted(close, key=doubt):
                if self._holds(first, level, keys):
                    return first, first + len(keys) - 1
        return None

    def everywhere(self, lines: Sequence[str]) -> list[tuple[int, int]]:
        """The places of *lines*; where there are several, no more than two of them."""
        # Models drop indentation: only where a quote has some does it tell lines apart.
        indented = lines[0][:1].isspace()
        for level, keys in _keyed(lines):
            if level == 0 and not indented:
                continue
            places = self.where(level, keys[0])[:_MOST_CANDIDATES]
            matching = (first for first in places if self._holds(first, level, keys))
            if found := [(at, at + len(keys) - 1) for at in islice(matching, 2)]:
                return found
        return []

    def _holds(self, first: int, level: int, keys: Sequence[str]) -> bool:
        last = first + len(keys) - 1
        if last >= len(self.lines) or self.hunks[first] != self.hunks[last]:
            return False
        normal = _LEVELS[level]
        return all(
            normal(line.text) == key
            for line, key in zip(self.lines[first : last + 1], keys, strict=True)
        )


def _keyed(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """What to look for, the strictest comparison first."""
    for level, normal in enumerate(_LEVELS):
        keys = [normal(line) for line in lines]
        if keys[0]:
            yield level, keys


def _exactly(text: str) -> str:
    return text


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _folded(text: str) -> str:
    """Without what looks alike or cannot be seen; the case stays. Equal where ``_spaced`` is."""
    spaced = " ".join(text.split())
    if spaced.isascii():
        return spaced.replace("`", "'")
    plain = unicodedata.normalize("NFKC", spaced.translate(_LOOKALIKES))
    return _spaced("".join(c for c in plain if unicodedata.category(c) != "Cf"))


_LEVELS: tuple[Callable[[str], str], ...] = (_exactly, _spaced, _folded)
