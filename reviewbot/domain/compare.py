"""Compares two texts line by line, in time that no text can make long.

Lines that stand once on both sides hold the rest in place (patience); between them it is
done again, a few times. The standard library's difflib finds more, but a text can be written
for which it takes hours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from reviewbot.domain.binary import is_binary
from reviewbot.domain.diff import Content, FileDiff, Hunk, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.diff import Change

    Span = tuple[int, int, int, int]  # from and to in the old text, from and to in the new one

_CONTEXT = 3  # lines around a change
_DEEPEST = 6  # divisions of a span by lines that both texts have once


def compared(path: str, old_path: str | None, change: Change, old: bytes, new: bytes) -> FileDiff:
    """An entry of a diff from the whole contents of both sides; no forge shows its lines."""
    if is_binary(old) or is_binary(new):
        return FileDiff(path, old_path, change, Content.BINARY, (), shown=False)
    hunks = compare(_lines(old), _lines(new))
    return FileDiff(path, old_path, change, Content.TEXT, hunks, shown=False)


def compare(old: Sequence[str], new: Sequence[str]) -> tuple[Hunk, ...]:
    """The hunks that make *new* of *old*."""
    groups: list[list[Span]] = []
    for change in _changes(old, new):
        if groups and change[0] - groups[-1][-1][1] <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return tuple(_hunk(old, new, group) for group in groups)


def _lines(content: bytes) -> list[str]:
    lines = content.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _hunk(old: Sequence[str], new: Sequence[str], changes: Sequence[Span]) -> Hunk:
    lead = min(_CONTEXT, changes[0][0])
    at, new_at = changes[0][0] - lead, changes[0][2] - lead
    begin, new_begin = at, new_at
    lines: list[Line] = []
    stop = min(len(old), changes[-1][1] + _CONTEXT)
    for first, last, new_first, new_last in (*changes, (stop, stop, 0, 0)):
        lines += [Line(" ", at + n + 1, new_at + n + 1, old[at + n]) for n in range(first - at)]
        lines += [Line("-", n + 1, None, old[n]) for n in range(first, last)]
        lines += [Line("+", None, n + 1, new[n]) for n in range(new_first, new_last)]
        at, new_at = last, new_last
    has_old, has_new = (any(line.sign != sign for line in lines) for sign in "+-")
    return Hunk(begin + has_old, new_begin + has_new, "", tuple(lines))


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Span]:
    """What differs, in order."""
    at = new_at = 0
    for first, new_first, count in (*_blocks(old, new), (len(old), len(new), 0)):
        if at < first or new_at < new_first:
            yield at, first, new_at, new_first
        at, new_at = first + count, new_first + count


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Equal runs of lines: where they begin on both sides, and how long they are."""
    found: list[tuple[int, int, int]] = []
    regions = [(0, len(old), 0, len(new), 0)]
    while regions:
        first, last, new_first, new_last, depth = regions.pop()
        same = _run(old[first:last], new[new_first:new_last])
        found.append((first, new_first, same))
        first, new_first = first + same, new_first + same
        same = _run(old[first:last][::-1], new[new_first:new_last][::-1])
        last, new_last = last - same, new_last - same
        found.append((last, new_last, same))
        if first == last or new_first == new_last or depth == _DEEPEST:
            continue
        held = _anchors(old[first:last], new[new_first:new_last])
        cuts = [(first, new_first), *((first + i, new_first + j) for i, j in held)]
        if held:
            regions += [
                (begin, end, new_begin, new_end, depth + 1)
                for (begin, new_begin), (end, new_end) in pairwise([*cuts, (last, new_last)])
            ]
    return sorted(block for block in found if block[2])


def _run(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(old), len(new)))


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that stand once on both sides, as many as follow each other on both."""
    once = {line for line, count in Counter(old).items() if count == 1}
    twice = Counter(new)
    there = {line: at for at, line in enumerate(new) if line in once and twice[line] == 1}
    pairs = [(at, there[line]) for at, line in enumerate(old) if line in there]
    ends: list[int] = []  # the least new position that a row of each length ends with
    last: list[int] = []  # the pair that it ends with
    before: list[int] = []  # of each pair, the one before it in the longest row
    for index, (_, new_at) in enumerate(pairs):
        length = bisect_left(ends, new_at)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1], last[length : length + 1] = [new_at], [index]
    row: list[tuple[int, int]] = []
    at = last[-1] if last else -1
    while at >= 0:
        row.append(pairs[at])
        at = before[at]
    return row[::-1]
