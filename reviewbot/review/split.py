"""Divides a file's hunks into pieces that fit a chunk.

A hunk is a piece as it is, unless it is too large. Then it is cut where the code is cut itself,
and each further part is led in by the lines before it and named by the definition around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from reviewbot.domain.outcome import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.diff import FileDiff, Hunk, Line

BYTES_PER_TOKEN = 3.3  # of code, measured over common tokenisers
CHUNK_TOKENS = 6_000
LEAD_TOKENS = 200  # for the lines that lead in a part
_LEAD_LINES = 8
_HEADING_LETTERS = 200
_PART_TOKENS = CHUNK_TOKENS - LEAD_TOKENS - 100  # 100 for the heading
_LINE_TOKENS = 4  # a line's number and sign
_LONGEST_SEARCH = 2_000  # lines that are looked through for a definition
_DEFINITION = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|unsafe"
    r"|pub(?:\([a-z]+\))?|inline|virtual|override|open|const|partial|sealed|data)\s+){0,6}"
    r"(?:def|class|function\*?|fn|func|fun|interface|trait|impl|struct|enum|module|namespace|sub"
    r"|record|object|protocol|extension)\b"
)
_NAME = re.compile(r"[A-Za-z_$]")  # begins what git takes for a definition, at the margin


@dataclass(frozen=True, slots=True)
class Piece:
    """A hunk, or a part of one; *heading* names the definition around it.

    *lead* are the new file's lines before a part: context, which an earlier piece counts.
    """

    segment: Segment
    heading: str
    lines: tuple[Line, ...]
    tokens: int
    lead: tuple[Line, ...] = ()


def pieces(file: FileDiff) -> Iterator[Piece]:
    """All lines of *file*, each once."""
    for hunk in file.hunks:
        if not hunk.lines:
            continue
        ends = list(accumulate(map(_cost, hunk.lines)))  # what the lines up to each one cost
        if ends[-1] <= CHUNK_TOKENS:
            yield Piece(_segment(file.path, hunk.lines), hunk.heading, hunk.lines, ends[-1])
            continue
        begin = 0
        for end in _cuts(hunk.lines, ends):
            yield _part(file.path, hunk, begin, end)
            begin = end


def _segment(path: str, lines: Sequence[Line]) -> Segment:
    """Named by its lines' numbers in the new file, or in the old one where none is there."""
    new = [line.new for line in lines if line.new is not None]
    numbers = new or [line.old for line in lines if line.old is not None]
    sign = "" if new else "-"
    first, last = numbers[0], numbers[-1]
    name = f"{sign}{first}" if first == last else f"{sign}{first}-{last}"
    return Segment(path, name, sum(line.sign == "+" for line in lines))


def _cost(line: Line) -> int:
    text = line.text
    size = len(text) if text.isascii() else len(text.encode(errors="replace"))
    return _LINE_TOKENS + int(size / BYTES_PER_TOKEN)


# --- parts of a hunk -------------------------------------------------------------------------


def _part(path: str, hunk: Hunk, begin: int, end: int) -> Piece:
    lines = hunk.lines[begin:end]
    lead = _lead(hunk.lines[max(0, begin - 2 * _LEAD_LINES) : begin])
    heading = (_definition(hunk.lines, begin) if begin else "") or hunk.heading
    tokens = sum(map(_cost, lines)) + sum(map(_cost, lead))
    return Piece(_segment(path, lines), heading[:_HEADING_LETTERS], lines, tokens, lead)


def _lead(before: Sequence[Line]) -> tuple[Line, ...]:
    """The last lines of the new file before a part, as many as context may cost."""
    lead: list[Line] = []
    room = LEAD_TOKENS
    for line in reversed(before):
        if line.new is None:
            continue
        room -= _cost(line)
        if room < 0 or len(lead) == _LEAD_LINES:
            break
        lead.append(line)
    return tuple(reversed(lead))


def _definition(lines: Sequence[Line], begin: int) -> str:
    """The header of the definition around the line at *begin*, where the hunk shows it."""
    first = next((line.text for line in lines[begin:] if line.text.strip()), "")
    margin = _indentation(first)
    for line in reversed(lines[max(0, begin - _LONGEST_SEARCH) : begin]):
        # A brace below a header, as in C, belongs to it.
        bare = line.sign == "-" or line.text.strip() in {"", "{"}
        if bare or _indentation(line.text) >= margin:
            continue
        margin = _indentation(line.text)
        if _DEFINITION.match(line.text) or (not margin and _NAME.match(line.text)):
            return line.text.strip()
    return ""


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())


def _cuts(lines: Sequence[Line], ends: Sequence[int]) -> Iterator[int]:
    """Where a hunk's parts end."""
    begin = spent = 0
    for end in range(1, len(lines)):
        while end > begin and ends[end] - spent > _PART_TOKENS:
            begin = _best_cut(lines, begin, end)
            spent = ends[begin - 1]
            yield begin
    yield len(lines)


def _best_cut(lines: Sequence[Line], begin: int, end: int) -> int:
    """Where to cut between the middle and *end*: the later, the better."""
    middle = (begin + end + 1) // 2
    return min(range(end, max(middle, begin + 1) - 1, -1), key=lambda at: _harm(lines, at))


def _harm(lines: Sequence[Line], at: int) -> int:
    """How badly a cut before *at* hurts: replacements and blocks stay whole."""
    before, after = lines[at - 1], lines[at]
    if max(_cost(before), _cost(after)) > _PART_TOKENS:
        return -1
    text = after.text.expandtabs(4)
    bare = text.lstrip()
    harm = len(text) - len(bare) if bare else 200
    harm += 0 if not before.text.strip() else 1
    harm += 3 if bare.startswith((")", "]", "}", "end")) else 0
    return harm + (1000 if before.sign == "-" and after.sign == "+" else 0)
