from __future__ import annotations

import json
from collections import Counter

import pytest

from reviewbot.models.comparison import Comparison, compare
from reviewbot.models.config import ModelConfig
from reviewbot.models.rollout import draw, first_asked


def models(*weights: float | None) -> list[ModelConfig]:
    return [
        ModelConfig(name, (), weight=weight) for name, weight in zip("abc", weights, strict=False)
    ]


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ([None, None], {"a": 1.0}),
        ([60.0, None], {"a": 0.6, "b": 0.4}),
        ([None, 5.0], {"a": 0.95, "b": 0.05}),
        ([60.0, None, None], {"a": 0.6, "b": 0.4}),
        ([1.0, 3.0], {"a": 0.25, "b": 0.75}),
        ([0.0, 0.0], {"a": 1.0}),
        ([100.0, None], {"a": 1.0}),
        ([0.0, None], {"b": 1.0}),
    ],
)
def test_weights_are_shares_of_the_questions(
    weights: list[float | None], shares: dict[str, float]
) -> None:
    asked = Counter(first_asked(models(*weights), draw("weight", f"key {n}")) for n in range(4_000))
    assert set(asked) == set(shares)
    for name, share in shares.items():
        assert asked[name] / 4_000 == pytest.approx(share, abs=0.03)


def test_the_same_key_draws_the_same_for_one_purpose() -> None:
    assert draw("weight", "k") == draw("weight", "k")
    assert draw("weight", "k") != draw("shadow x", "k")
    assert all(0.0 <= draw("p", str(n)) < 1.0 for n in range(100))


def answer(*places: tuple[int, int]) -> str:
    found = [{"side": "RIGHT", "start_line": begin, "end_line": end} for begin, end in places]
    return json.dumps({"findings": found})


@pytest.mark.parametrize(
    ("main", "theirs", "counts"),
    [
        ([answer()], [answer()], (0, 0, 0)),
        ([answer((1, 1))], [answer((1, 3))], (1, 0, 0)),
        ([answer((1, 1))], [answer((3, 3))], (1, 0, 0)),
        ([answer((1, 1))], [answer((9, 9))], (0, 1, 1)),
        ([answer((1, 1), (1, 1))], [answer((1, 1))], (1, 1, 0)),
        ([answer((1, 1)), answer()], [answer(), answer((1, 1))], (0, 1, 1)),
    ],
)
def test_findings_are_matched_by_place_chunk_by_chunk(
    main: list[str], theirs: list[str], counts: tuple[int, int, int]
) -> None:
    assert compare("new", main, theirs) == Comparison("new", True, *counts)  # noqa: FBT003


def test_a_shadow_without_an_answer_compares_nothing() -> None:
    assert compare("new", [answer((1, 1))], []) == Comparison("new", answered=False)
