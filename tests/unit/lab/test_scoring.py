from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Severity, Side, Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.lab.cases import Case, Expected
from reviewbot.lab.evaluation import Figures, Result, Routing, figures, frontier
from reviewbot.lab.scoring import Claim, score

if TYPE_CHECKING:
    from collections.abc import Sequence


def claim(line: int, path: str = "a.py", end: int = 0, *, proven: bool = True) -> Claim:
    return Claim(path, Side.RIGHT, line, end or line, Severity.HIGH, Tier.CHEAP, "text", proven)


def label(line: int, path: str = "a.py", end: int = 0) -> Expected:
    return Expected(path, Side.RIGHT, line, end or line, "note")


def hits(
    claims: Sequence[Claim], labels: Sequence[Expected], tolerance: int = 3
) -> list[tuple[int, int, bool]]:
    found = score(claims, labels, tolerance, lambda _claim, _label: True)
    return [(hit.claim, hit.expected, hit.exact) for hit in found.hits]


def test_a_claim_hits_what_it_overlaps_and_what_is_near() -> None:
    assert hits([claim(10)], [label(8, end=12)]) == [(0, 0, True)]
    assert hits([claim(10)], [label(13)]) == [(0, 0, False)]
    assert hits([claim(10)], [label(14)]) == []
    assert hits([claim(10)], [label(10, path="b.py")]) == []


def test_a_line_that_was_not_proven_is_no_right_line() -> None:
    assert hits([claim(10, proven=False)], [label(10)]) == [(0, 0, False)]


def test_each_defect_is_found_once_and_as_many_as_possible_are() -> None:
    assert len(hits([claim(10), claim(10)], [label(10)])) == 1
    # The first claim is nearest to the second defect, but only it reaches the first one.
    assert len(hits([claim(10), claim(13)], [label(8), label(11)], tolerance=2)) == 2


def test_a_judge_has_the_last_word() -> None:
    found = score([claim(10)], [label(10)], 3, lambda _claim, _label: False)
    assert (found.claims, found.expected, found.hits) == (1, 1, ())


_lines = st.lists(st.integers(1, 40), max_size=8)


@given(_lines, _lines, st.integers(0, 5))
def test_hits_are_pairs_within_the_tolerance_and_their_number_knows_no_order(
    claimed: list[int], wanted: list[int], tolerance: int
) -> None:
    claims, labels = [claim(n) for n in claimed], [label(n) for n in wanted]
    found = hits(claims, labels, tolerance)
    assert len({c for c, _, _ in found}) == len({e for _, e, _ in found}) == len(found)
    for number, expected, exact in found:
        distance = abs(claimed[number] - wanted[expected])
        assert distance <= tolerance
        assert exact == (distance == 0)
    assert len(hits(claims[::-1], labels[::-1], tolerance)) == len(found)


# --- figures ---------------------------------------------------------------------------------


def result(
    claims: Sequence[Claim], labels: Sequence[Expected], usd: int, routing: Routing = Routing.CHEAP
) -> Result:
    case = Case("acme/shop", 1, None, tuple(labels))
    found = score(claims, labels, 3, lambda _claim, _label: True)
    return Result(case, routing, tuple(claims), found, PicoUsd(usd))


def test_figures_are_sums_over_all_cases() -> None:
    known = figures(
        Routing.CHEAP,
        [
            result([claim(10), claim(90)], [label(11), label(50)], 60),
            result([claim(5)], [], 40),
        ],
    )
    assert (known.precision, known.recall, known.f1) == (
        Fraction(1, 3),
        Fraction(1, 2),
        Fraction(2, 5),
    )
    assert known.line_accuracy == 0
    assert (known.clean, known.noise) == (1, 1)
    assert (known.per_case, known.per_found) == (50, 100)


def test_figures_without_anything_to_divide_by_are_unknown() -> None:
    known = figures(Routing.CHEAP, [result([], [], 0)])
    assert (known.precision, known.recall, known.line_accuracy, known.per_found) == (None,) * 4
    assert known.f1 == 0


def test_the_interval_holds_the_figure_and_narrows_with_more_cases() -> None:
    some = [result([claim(10)], [label(10)], 1), result([claim(10)], [label(90)], 1)] * 3
    few, many = figures(Routing.CHEAP, some), figures(Routing.CHEAP, some * 20)
    for known in (few, many):
        assert known.low <= known.f1 <= known.high
    assert many.high - many.low < few.high - few.low
    assert figures(Routing.CHEAP, some) == few


def _point(usd: int, hit: int) -> Figures:
    cases = [result([claim(10)], [label(10 if n < hit else 90)], usd) for n in range(4)]
    return figures(Routing.CHEAP, cases)


@pytest.mark.parametrize(
    ("points", "best"),
    [
        ([(10, 1), (20, 2)], [0, 1]),
        ([(20, 2), (10, 2)], [1]),
        ([(10, 3), (20, 2), (30, 4)], [0, 2]),
    ],
)
def test_the_frontier_is_what_nothing_beats_in_both(
    points: list[tuple[int, int]], best: list[int]
) -> None:
    known = [_point(*point) for point in points]
    assert frontier(known) == [known[number] for number in best]
