"""Plans what is read: chunks in order of risk, and what is left out by rule.

A chunk belongs to one file and its bounds depend on that file alone, so that a change
elsewhere leaves it, and the answer that is stored for it, as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Content
from reviewbot.domain.outcome import Coverage, Covered, Segment
from reviewbot.domain.phrase import Phrase
from reviewbot.review.places import data_of, names_of
from reviewbot.review.risk import assess
from reviewbot.review.split import BYTES_PER_TOKEN, CHUNK_TOKENS, pieces
from reviewbot.review.triage import excluded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.diff import Diff, FileDiff
    from reviewbot.domain.policy import Data, Policy
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
    data: Data | None = None  # where it may be sent; None is as the policy says


@dataclass(frozen=True, slots=True)
class Plan:
    """Chunks, most risky first, and what is not read; each segment is in exactly one of them."""

    chunks: tuple[Chunk, ...]
    excluded: tuple[Covered, ...]


def plan_survey(diff: Diff, policy: Policy, exclude: tuple[str, ...] = ()) -> Plan:
    """Every segment of *diff*, in a chunk or left out with its reason.

    *exclude* are the run's own patterns, beside the policy's.
    """
    chunks: list[Chunk] = []
    left: list[Covered] = []
    for file in diff.files:
        gap = _gap(file, policy, exclude)
        parts = list(pieces(file))
        if not parts:
            left.append(Covered(Segment(file.path, "", file.unseen), *(gap or _NO_LINES)))
        reasons = [gap or _unreadable(piece) for piece in parts]
        left += [Covered(p.segment, *why) for p, why in zip(parts, reasons, strict=True) if why]
        readable = [p for p, why in zip(parts, reasons, strict=True) if not why]
        chunks += _chunks(file, readable, policy)
    left += [Covered(Segment(u.path, "", 0), Coverage.FAILED, u.why) for u in diff.unreadable]
    chunks.sort(key=lambda chunk: -chunk.risk)
    return Plan(tuple(chunks), tuple(left))


def pack(chunks: Sequence[Chunk], most_tokens: int = REQUEST_TOKENS) -> list[tuple[Chunk, ...]]:
    """Join chunks into requests, related files together, the riskiest request first.

    Only chunks that may go to the same places go together: none closes the way of another.
    """
    alike = [[each for each in chunks if each.data == data] for data in _places(chunks)]
    requests = [request for group in alike for request in _packed(group, most_tokens)]
    return sorted(requests, key=lambda request: -request[0].risk) if len(alike) > 1 else requests


def _places(chunks: Sequence[Chunk]) -> list[Data | None]:
    found: list[Data | None] = []
    for chunk in chunks:
        if chunk.data not in found:
            found.append(chunk.data)
    return found


def _packed(chunks: Sequence[Chunk], most_tokens: int) -> list[tuple[Chunk, ...]]:
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
_OUTSIZED: _Reason = (
    Coverage.FAILED,
    Phrase("too large: the rest of the diff fills the memory"),
)
_TOO_LONG: _Reason = (Coverage.FAILED, Phrase("a line too long to read"))
_UNCHANGED: _Reason = (Coverage.EXCLUDED, Phrase("context only"))
_UNGIVEN = {
    Content.MISSING: _MISSING,
    Content.OUTSIZED: _OUTSIZED,
    Content.BINARY: _MISSING,  # where nothing proves it, and a gate is set
}


def _gap(file: FileDiff, policy: Policy, exclude: tuple[str, ...]) -> _Reason | None:
    """Why a file is not read."""
    if why := excluded(file, policy, exclude):
        return Coverage.EXCLUDED, why
    return _UNGIVEN.get(file.content)


def _unreadable(piece: Piece) -> _Reason | None:
    """Why a piece of a file that is read is not."""
    if all(line.sign == " " for line in piece.lines):
        return _UNCHANGED
    return _TOO_LONG if len(piece.lines) == 1 and piece.tokens > _LONGEST_LINE else None


# --- chunks ----------------------------------------------------------------------------------


def _chunks(file: FileDiff, pieces: Sequence[Piece], policy: Policy) -> Iterator[Chunk]:
    """Consecutive pieces, as many as fit."""
    data = data_of(names_of(file), policy.data) if policy.data.paths else None
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        if group and size + piece.tokens > CHUNK_TOKENS:
            yield replace(_chunk(file.path, group, size, policy), data=data)
            group, size = [], 0
        group.append(piece)
        size += piece.tokens
    if group:
        yield replace(_chunk(file.path, group, size, policy), data=data)


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
