"""The figures of an evaluation: how good each routing is, and what it costs. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd, format_usd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reviewbot.lab.cases import Case
    from reviewbot.lab.scoring import Claim, Score

_DRAWS = 1_000
_SEED = 1  # the interval of one set of results is always the same
_FEW = 50  # cases; below it the interval says little


class Routing(StrEnum):
    """Which tiers read."""

    CHEAP = "cheap-only"
    STRONG = "strong-only"
    TIERED = "tiered"


@dataclass(frozen=True, slots=True)
class Result:
    """A case under one routing.

    *cost* is in 10**-12 USD what its answers cost when they were asked, whether now or earlier;
    *unread* counts segments that were not read, and *failed* says why there is no review at all.
    """

    case: Case
    routing: Routing
    claims: tuple[Claim, ...]
    score: Score
    cost: PicoUsd
    unread: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """A routing over all its cases; shares are None where there is nothing to divide by."""

    routing: Routing
    cases: int
    expected: int
    claims: int
    found: int
    exact: int
    clean: int  # cases without an expected defect
    noise: int  # claims on them
    unread: int
    failed: int
    cost: PicoUsd
    low: float  # the 95 % interval of F1, by drawing cases anew
    high: float

    @property
    def precision(self) -> Fraction | None:
        """The share of claims that hit."""
        return Fraction(self.found, self.claims) if self.claims else None

    @property
    def recall(self) -> Fraction | None:
        """The share of expected defects that were found."""
        return Fraction(self.found, self.expected) if self.expected else None

    @property
    def f1(self) -> Fraction:
        """The harmonic mean of precision and recall."""
        return _f1(self.found, self.claims, self.expected)

    @property
    def line_accuracy(self) -> Fraction | None:
        """The share of hits that are on a line of the expected ones."""
        return Fraction(self.exact, self.found) if self.found else None

    @property
    def per_case(self) -> PicoUsd:
        """What a case costs."""
        return PicoUsd(round(Fraction(self.cost, max(1, self.cases))))

    @property
    def per_found(self) -> PicoUsd | None:
        """What a found defect costs."""
        return PicoUsd(round(Fraction(self.cost, self.found))) if self.found else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known of an evaluation."""

    at: datetime
    tolerance: int
    judge: str  # the model that compared words; empty where lines alone decided
    judged_for: PicoUsd  # what the judge cost
    results: tuple[Result, ...]
    skipped: int  # reviews that there was no money for

    def figures(self) -> list[Figures]:
        """One a routing that was tried, in the order of their definition."""
        tried = [each for each in Routing if any(r.routing is each for r in self.results)]
        return [figures(each, [r for r in self.results if r.routing is each]) for each in tried]

    def notes(self) -> list[str]:
        """Sentences for people."""
        return list(self._notes())

    def _notes(self) -> Iterator[str]:
        cases = len({str(result.case) for result in self.results})
        if 0 < cases < _FEW:
            yield (
                f"{cases} cases say little: look at the intervals. 50 give F1 to about ± 0.08,"
                " 300 to ± 0.03."
            )
        how = f", where {self.judge} says that both mean the same" if self.judge else ""
        yield (
            f"A finding hits a defect of the same file at most {self.tolerance} lines away{how}."
            " A miss is no proof that a finding is wrong: labels are never complete."
        )
        if self.judged_for:
            yield f"The judge cost {format_usd(self.judged_for)}, which is in no figure above."
        if self.skipped:
            yield f"{self.skipped} reviews were not made: --max-cost had no room for them."
        failed = [result for result in self.results if result.failed]
        if failed:
            first = failed[0]
            yield (
                f"{len(failed)} reviews failed and count as finding nothing;"
                f" the first: {first.case}, {first.routing}: {first.failed}."
            )
        unread = sum(result.unread for result in self.results)
        if unread:
            yield f"{unread} segments were not read."


def figures(routing: Routing, results: Sequence[Result]) -> Figures:
    """Sum up the results of one routing."""
    low, high = _interval(results)
    clean = [result for result in results if not result.score.expected]
    return Figures(
        routing=routing,
        cases=len(results),
        expected=sum(result.score.expected for result in results),
        claims=sum(result.score.claims for result in results),
        found=sum(len(result.score.hits) for result in results),
        exact=sum(result.score.exact for result in results),
        clean=len(clean),
        noise=sum(result.score.claims for result in clean),
        unread=sum(result.unread for result in results),
        failed=sum(bool(result.failed) for result in results),
        cost=PicoUsd(sum(result.cost for result in results)),
        low=low,
        high=high,
    )


def frontier(known: Sequence[Figures]) -> list[Figures]:
    """Those that nothing beats in both cost and F1, cheapest first."""
    best: list[Figures] = []
    for each in sorted(known, key=lambda one: (one.per_case, -one.f1)):
        if not best or each.f1 > best[-1].f1:
            best.append(each)
    return best


def _f1(found: int, claims: int, expected: int) -> Fraction:
    return Fraction(2 * found, claims + expected) if claims + expected else Fraction(0)


def _interval(results: Sequence[Result]) -> tuple[float, float]:
    """The 95 % interval of F1 by bootstrap over cases."""
    if not results:
        return 0.0, 0.0
    draw = random.Random(_SEED)  # noqa: S311 - statistics
    sums = [(len(r.score.hits), r.score.claims, r.score.expected) for r in results]
    values = sorted(
        float(_f1(*(sum(part) for part in zip(*draw.choices(sums, k=len(sums)), strict=True))))
        for _ in range(_DRAWS)
    )
    return values[round(_DRAWS * 0.025)], values[round(_DRAWS * 0.975) - 1]
