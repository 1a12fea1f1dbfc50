"""Patterns from a policy match like .gitignore, in linear time, or are refused."""

from __future__ import annotations

import time

import pytest

from reviewbot.domain.errors import PolicyError
from reviewbot.review.paths import matches_any, verdict


@pytest.mark.parametrize(
    ("path", "patterns", "said"),
    [
        ("docs/a.md", (), None),
        ("docs/a.md", ("src/**",), None),
        ("docs/a.md", ("docs/**",), True),
        ("docs/api/a.md", ("docs/**", "!docs/api/**"), False),
        ("a/b/c.py", ("*.py",), True),
        ("release/1.2", ("release/**",), True),
    ],
)
def test_the_last_pattern_that_speaks_of_a_path_decides(
    path: str,
    patterns: tuple[str, ...],
    said: bool | None,  # noqa: FBT001 - a row of the table
) -> None:
    assert verdict(path, patterns) is said
    assert matches_any(path, patterns) is (said is True)


@pytest.mark.parametrize("pattern", ["!", "a\\", "x[z-a]", "\ud800"])
def test_a_pattern_that_is_none_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(PolicyError, match="no gitignore pattern"):
        verdict("a.py", (pattern,))


def test_matching_takes_linear_time() -> None:
    began = time.process_time()

    verdict("a" * 4_000, ("*a" * 100 + "b",))

    assert time.process_time() - began < 1
