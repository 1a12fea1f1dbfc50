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
from reviewbot.domain.phrase import Phrase
from reviewbot.review.risk import assess
from reviewbot.review.split import BYTES_PER_TOKEN, CHUNK_TOKENS, pieces
from reviewbot.review.triage import excluded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.diff import Diff, FileDiff
    from reviewbot.domain.policy import Policy
    from reviewbot.review.split import Piece

__all__ = [
    "BYTES_PER_TOKEN",
    "REQUEST_TOKENS",
    "Chunk",
    "Plan",
    "changed_lines",
    "pack",
    "plan_survey",
]

# The rules and the answer's schema cost 850 tokens a request. Measured over 2,466 real pull
# requests: with 6,000 tokens 67 of them asked for more than 1.35 times their own diff.
REQUEST_TOKENS = 12_000
_LONGEST_LINE = 24_000  # tokens
_LOOK_AHEAD = 200  # chunks that are tried for what is left of a request


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
        parts = list(pieces(file))
        if not parts:
            left.append(Covered(Segment(file.path, "", 0), *(gap or _NO_LINES)))
        reasons = [gap or _unreadable(piece) for piece in parts]
        left += [Covered(p.segment, *why) for p, why in zip(parts, reasons, strict=True) if why]
        readable = [p for p, why in zip(parts, reasons, strict=True) if not why]
        chunks += _chunks(file.path, readable, policy)
    left += [Covered(Segment(u.path, "", 0), Coverage.FAILED, u.why) for u in diff.unreadable]
    chunks.sort(key=lambda chunk: -chunk.risk)
    return Plan(tuple(chunks), tuple(left))


def pack(chunks: Sequence[Chunk], most_tokens: int = REQUEST_TOKENS) -> list[tuple[Chunk, ...]]:
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
_NO_LINES: _Reason = (Coverage.EXCLUDED, Phrase("no lines"))
_MISSING: _Reason = (
    Coverage.FAILED,
    Phrase("its lines were not given: too large, or not rendered"),
)
_TOO_LONG: _Reason = (Coverage.FAILED, Phrase("a line too long to read"))
_UNCHANGED: _Reason = (Coverage.EXCLUDED, Phrase("context only"))


def _gap(file: FileDiff, policy: Policy) -> _Reason | None:
    """Why a file is not read."""
    if why := excluded(file, policy):
        return Coverage.EXCLUDED, why
    return _MISSING if file.content is Content.MISSING else None


def _unreadable(piece: Piece) -> _Reason | None:
    """Why a piece of a file that is read is not."""
    if all(line.sign == " " for line in piece.lines):
        return _UNCHANGED
    return _TOO_LONG if len(piece.lines) == 1 and piece.tokens > _LONGEST_LINE else None


# --- chunks ----------------------------------------------------------------------------------


def _chunks(path: str, pieces: Sequence[Piece], policy: Policy) -> Iterator[Chunk]:
    """Consecutive pieces, as many as fit."""
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        if group and size + piece.tokens > CHUNK_TOKENS:
            yield _chunk(path, group, size, policy)
            group, size = [], 0
        group.append(piece)
        size += piece.tokens
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
