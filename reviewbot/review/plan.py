"""Plans what is read: chunks in order of risk, and what is left out by rule.

A chunk belongs to one file and its bounds depend on that file alone, so that a change
elsewhere leaves it, and the answer that is stored for it, as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Content
from reviewbot.domain.outcome import Coverage, Covered, Segment
from reviewbot.review.risk import assess
from reviewbot.review.triage import excluded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line
    from reviewbot.domain.policy import Policy

BYTES_PER_TOKEN = 3.3  # of code, measured over common tokenisers
CHUNK_TOKENS = 6_000
_LINE_TOKENS = 4  # a line's number and sign
_LONGEST_LINE = 24_000  # tokens
_LOOK_AHEAD = 200  # chunks that are tried for what is left of a request


@dataclass(frozen=True, slots=True)
class Piece:
    """A hunk, or a part of one; *heading* names the definition around it."""

    segment: Segment
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is asked about at once: whole pieces of one file."""

    path: str
    pieces: tuple[Piece, ...]
    tokens: int
    risk: float
    triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Chunks, most risky first, and what is not read; each segment is in exactly one of them."""

    chunks: tuple[Chunk, ...]
    excluded: tuple[Covered, ...]


def plan_survey(diff: Diff, policy: Policy) -> Plan:
    """Every segment of *diff*, in a chunk or left out with its reason."""
    chunks: list[Chunk] = []
    left: list[Covered] = []
    for file in diff.files:
        gap = _gap(file, policy)
        pieces = list(_pieces(file))
        if not pieces:
            left.append(Covered(Segment(file.path, "", 0), *(gap or _NO_LINES)))
        reasons = [gap or _unreadable(piece) for piece in pieces]
        left += [Covered(p.segment, *why) for p, why in zip(pieces, reasons, strict=True) if why]
        readable = [p for p, why in zip(pieces, reasons, strict=True) if not why]
        chunks += _chunks(file.path, readable, policy)
    left += [Covered(Segment(u.path, "", 0), Coverage.FAILED, u.why) for u in diff.unreadable]
    chunks.sort(key=lambda chunk: -chunk.risk)
    return Plan(tuple(chunks), tuple(left))


def pack(chunks: Sequence[Chunk], most_tokens: int = CHUNK_TOKENS) -> list[tuple[Chunk, ...]]:
    """Join chunks into requests, related files together, the riskiest request first."""
    shelf = _Shelf(chunks)
    least = min((chunk.tokens for chunk in chunks), default=0)
    requests: list[tuple[Chunk, ...]] = []
    for seed in sorted(range(len(chunks)), key=lambda index: -chunks[index].risk):
        if not shelf.take(seed):
            continue
        request, room = [seed], most_tokens - chunks[seed].tokens
        for other in shelf.related(seed) if room >= least else ():
            if chunks[other].tokens <= room and shelf.take(other):
                request.append(other)
                room -= chunks[other].tokens
        requests.append(tuple(chunks[index] for index in request))
    return requests


def changed_lines(chunk: Chunk) -> int:
    """How many lines a chunk adds or deletes."""
    return sum(line.sign != " " for piece in chunk.pieces for line in piece.lines)


# --- what is left out ------------------------------------------------------------------------

_Reason = tuple[Coverage, str]
_NO_LINES: _Reason = (Coverage.EXCLUDED, "no lines")
_MISSING: _Reason = (Coverage.FAILED, "its lines were not given: too large, or not rendered")
_TOO_LONG: _Reason = (Coverage.FAILED, "a line too long to read")
_UNCHANGED: _Reason = (Coverage.EXCLUDED, "context only")


def _gap(file: FileDiff, policy: Policy) -> _Reason | None:
    """Why a file is not read."""
    if why := excluded(file, policy):
        return Coverage.EXCLUDED, why
    return _MISSING if file.content is Content.MISSING else None


def _unreadable(piece: Piece) -> _Reason | None:
    """Why a piece of a file that is read is not."""
    if all(line.sign == " " for line in piece.lines):
        return _UNCHANGED
    return _TOO_LONG if len(piece.lines) == 1 and _tokens(piece.lines) > _LONGEST_LINE else None


# --- pieces ----------------------------------------------------------------------------------


def _pieces(file: FileDiff) -> Iterator[Piece]:
    for hunk in file.hunks:
        for lines in _split(hunk):
            added = sum(line.sign == "+" for line in lines)
            yield Piece(Segment(file.path, _range(lines), added), hunk.heading, lines)


def _range(lines: Sequence[Line]) -> str:
    """The lines' numbers in the new file, or in the old one where none is there."""
    new = [line.new for line in lines if line.new is not None]
    numbers = new or [line.old for line in lines if line.old is not None]
    sign = "" if new else "-"
    first, last = numbers[0], numbers[-1]
    return f"{sign}{first}" if first == last else f"{sign}{first}-{last}"


def _split(hunk: Hunk) -> Iterator[tuple[Line, ...]]:
    """A hunk in parts that fit a chunk, cut where the code is cut itself."""
    begin = size = 0
    lines = hunk.lines
    end = 0
    while end < len(lines):
        cost = _cost(lines[end])
        if end > begin and size + cost > CHUNK_TOKENS:
            cut = _best_cut(lines, begin, end)
            yield lines[begin:cut]
            begin, size = cut, sum(map(_cost, lines[cut:end]))
        else:
            size, end = size + cost, end + 1
    if begin < end:
        yield lines[begin:end]


def _best_cut(lines: Sequence[Line], begin: int, end: int) -> int:
    """Where to cut between the middle and *end*: the later, the better."""
    middle = (begin + end + 1) // 2
    return min(range(end, max(middle, begin + 1) - 1, -1), key=lambda at: _harm(lines, at))


def _harm(lines: Sequence[Line], at: int) -> int:
    """How badly a cut before *at* hurts: replacements and blocks stay whole."""
    before, after = lines[at - 1], lines[at]
    if max(_cost(before), _cost(after)) > CHUNK_TOKENS:
        return -1
    text = after.text.expandtabs(4)
    bare = text.lstrip()
    harm = len(text) - len(bare) if bare else 200
    harm += 0 if not before.text.strip() else 1
    harm += 3 if bare.startswith((")", "]", "}", "end")) else 0
    return harm + (1000 if before.sign == "-" and after.sign == "+" else 0)


def _cost(line: Line) -> int:
    return _LINE_TOKENS + int(len(line.text.encode(errors="replace")) / BYTES_PER_TOKEN)


def _tokens(lines: Sequence[Line]) -> int:
    return sum(map(_cost, lines))


# --- chunks ----------------------------------------------------------------------------------


def _chunks(path: str, pieces: Sequence[Piece], policy: Policy) -> Iterator[Chunk]:
    """Consecutive pieces, as many as fit."""
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        cost = _tokens(piece.lines)
        if group and size + cost > CHUNK_TOKENS:
            yield _chunk(path, group, size, policy)
            group, size = [], 0
        group.append(piece)
        size += cost
    if group:
        yield _chunk(path, group, size, policy)


def _chunk(path: str, pieces: Sequence[Piece], tokens: int, policy: Policy) -> Chunk:
    added = [line.text for piece in pieces for line in piece.lines if line.sign == "+"]
    deleted = sum(line.sign == "-" for piece in pieces for line in piece.lines)
    risk, triggers = assess(path, added, deleted, policy)
    return Chunk(path, tuple(pieces), tokens, risk, triggers)


# --- requests --------------------------------------------------------------------------------


class _Shelf:
    """Chunks that are in no request yet, by what relates them."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._names = [_relations(chunk.path) for chunk in chunks]
        self._shelves: dict[str, dict[int, None]] = {}
        for index, names in enumerate(self._names):
            for name in names:
                self._shelves.setdefault(name, {})[index] = None

    def take(self, index: int) -> bool:
        """Take a chunk off; False if it was taken before."""
        if index not in self._shelves[""]:
            return False
        for name in self._names[index]:
            del self._shelves[name][index]
        return True

    def related(self, index: int) -> list[int]:
        """What is still there, the most related first."""
        shelves = (islice(self._shelves[name], _LOOK_AHEAD) for name in self._names[index])
        return list(dict.fromkeys(chain.from_iterable(shelves)))


def _relations(path: str) -> tuple[str, ...]:
    """What a file shares with others, the closest first; the last is shared by all."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0].removeprefix("test_").removesuffix("_test")
    return f"file {path}", f"stem {stem}", f"folder {folder}", ""
