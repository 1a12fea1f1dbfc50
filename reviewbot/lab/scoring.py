"""Scores what a review claims against what it should have found. Pure.

A claim hits an expected defect in the same file where their lines overlap, or are at most
*tolerance* lines apart, and where a judge, if there is one, says that both mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.domain.finding import Severity, Side, Tier
    from reviewbot.lab.cases import Expected


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding that a review shows; *proven* tells whether its lines are, or are only said."""

    path: str
    side: Side
    start_line: int
    end_line: int
    severity: Severity
    tier: Tier
    text: str
    proven: bool
    code: tuple[str, ...] = ()  # its lines


@dataclass(frozen=True, slots=True)
class Hit:
    """A claim and the expected defect that it names, by their numbers."""

    claim: int
    expected: int
    exact: bool  # on a line of the expected ones, proven


@dataclass(frozen=True, slots=True)
class Score:
    """What a review of one case was worth."""

    claims: int
    expected: int
    hits: tuple[Hit, ...]

    @property
    def exact(self) -> int:
        """How many hits are on the right line."""
        return sum(hit.exact for hit in self.hits)


def score(
    claims: Sequence[Claim],
    expected: Sequence[Expected],
    tolerance: int,
    same: Callable[[Claim, Expected], bool],
) -> Score:
    """Match as many as possible, each once; the nearest first."""
    near = sorted(_near(claims, expected, tolerance))
    edges = [
        (distance, number, wanted)
        for distance, number, wanted in near
        if same(claims[number], expected[wanted])
    ]
    pairs = _most(edges)
    distances = {(number, wanted): distance for distance, number, wanted in edges}
    hits = tuple(
        Hit(number, wanted, claims[number].proven and distances[number, wanted] == 0)
        for wanted, number in sorted(pairs.items())
    )
    return Score(len(claims), len(expected), hits)


def _near(
    claims: Sequence[Claim], expected: Sequence[Expected], tolerance: int
) -> Iterator[tuple[int, int, int]]:
    for number, claim in enumerate(claims):
        for wanted, label in enumerate(expected):
            if claim.path == label.path and claim.side is label.side:
                distance = max(
                    claim.start_line - label.end_line, label.start_line - claim.end_line, 0
                )
                if distance <= tolerance:
                    yield distance, number, wanted


def _most(edges: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    """The largest matching, by augmenting paths: claims by expected defect."""
    wanted_by: dict[int, list[int]] = {}
    for _, number, wanted in edges:
        wanted_by.setdefault(number, []).append(wanted)
    taken: dict[int, int] = {}

    def place(number: int, seen: set[int]) -> bool:
        for wanted in wanted_by[number]:
            if wanted in seen:
                continue
            seen.add(wanted)
            if wanted not in taken or place(taken[wanted], seen):
                taken[wanted] = number
                return True
        return False

    for number in wanted_by:  # in the order of their nearest defect
        place(number, set())
    return taken
