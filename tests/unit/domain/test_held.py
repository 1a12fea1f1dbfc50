"""A diff takes bounded memory; what does not fit is named, the largest files first."""

from __future__ import annotations

from sys import getsizeof

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Content, Diff
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.review.plan import plan_survey
from tests.unit.review.examples import entry

LINE = "x" * 60
LINE_BYTES = getsizeof(LINE)  # at the least


def held(files: dict[str, int], most: int) -> Diff:
    """Files of so many lines, read within *most* bytes."""
    raw = "".join(entry(path, *[LINE] * lines) for path, lines in files.items())
    return parse_diff(raw.encode(), most)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 60), min_size=1),
    st.integers(0, 40_000),
)
def test_what_is_held_stays_within_its_bound_and_every_file_is_named(
    files: dict[str, int], most: int
) -> None:
    diff = held(files, most)

    kept = {f.path: f.added for f in diff.files if f.content is Content.TEXT}
    lost = {f.path for f in diff.files if f.content is Content.OUTSIZED}
    assert {file.path: file.added for file in diff.files} == files
    assert kept == {path: lines for path, lines in files.items() if path not in lost}
    assert sum(kept.values()) * LINE_BYTES <= most
    assert not lost or max(files[path] for path in lost) == max(files.values())


def test_the_largest_file_is_a_named_gap_and_the_others_are_read() -> None:
    diff = held({"a.py": 5, "huge.py": 500, "b.py": 7}, 10_000)

    plan = plan_survey(diff, Policy())

    assert {chunk.path for chunk in plan.chunks} == {"a.py", "b.py"}
    [gap] = plan.excluded
    assert (gap.segment.path, gap.segment.added, gap.coverage) == ("huge.py", 500, Coverage.FAILED)
    assert "too large" in gap.detail


def test_a_lock_file_that_does_not_fit_is_left_out_by_rule_as_ever() -> None:
    diff = held({"a.py": 5, "package-lock.json": 500}, 10_000)

    plan = plan_survey(diff, Policy(fail_on=None))

    assert [(e.coverage, e.detail) for e in plan.excluded] == [(Coverage.EXCLUDED, "lock file")]


def test_wide_characters_count_as_what_they_take() -> None:
    raw = entry("a.py", *["\U0001f600" * 60] * 10) + entry("b.py", *[LINE] * 11)
    assert [f.content for f in parse_diff(raw.encode(), 5_000).files] == [
        Content.OUTSIZED,
        Content.TEXT,
    ]
