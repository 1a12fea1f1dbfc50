"""Two texts are compared exactly, and in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.compare import compare, compared
from reviewbot.domain.diff import Change, Content, Diff, Hunk, Line, Unanchored
from reviewbot.domain.finding import Side
from tests.unit.domain.test_patch_git import apply

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "}", "  x", "d", "e"]), max_size=40)
MODIFIED, TEXT = Change.MODIFIED, Content.TEXT


def raw(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@given(TEXTS, TEXTS)
@settings(max_examples=400, deadline=None)
def test_applying_the_hunks_gives_the_new_text(old: list[str], new: list[str]) -> None:
    file = compared("f", None, MODIFIED, raw(old), raw(new))

    assert apply(old, file) == new
    for hunk in file.hunks:
        signs = [line.sign for line in hunk.lines]
        assert set(signs) > {" "} or " " not in signs
        assert signs[:4] != [" "] * 4
        assert signs[-4:] != [" "] * 4


@given(TEXTS)
def test_equal_texts_have_no_hunks(text: list[str]) -> None:
    assert compare(text, text) == ()


def test_a_change_has_three_lines_around_it_and_its_numbers() -> None:
    old = [f"line {n}" for n in range(1, 101)]
    new = [*old[:49], "new", *old[50:]]

    (hunk,) = compare(old, new)

    assert (hunk.old_start, hunk.new_start) == (47, 47)
    assert hunk.lines[3:5] == (Line("-", 50, None, "line 50"), Line("+", None, 50, "new"))
    assert len(hunk.lines) == 8


def test_added_and_deleted_files_are_one_hunk() -> None:
    added = Hunk(0, 1, "", (Line("+", None, 1, "x"),))
    deleted = Hunk(1, 0, "", (Line("-", 1, None, "x"),))

    assert compared("f", None, Change.ADDED, b"", b"x").hunks == (added,)
    assert compared("f", None, Change.DELETED, b"x", b"").hunks == (deleted,)


def test_a_binary_is_told_by_its_bytes() -> None:
    assert compared("f", None, MODIFIED, b"\0", b"x").content is Content.BINARY


def test_no_comment_stands_on_lines_that_github_does_not_show() -> None:
    file = compared("f", None, MODIFIED, b"x\n", b"y\n")
    found = AnchorIndex(Diff((file,))).anchor("f", Side.RIGHT, "y", (1, 1))

    assert isinstance(found, Unanchored)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["a", "b"] * 30_000, ["b", "a", "c"] * 20_000),
        ([str(n) for n in range(60_000)], [str(n) for n in range(60_000, 0, -1)]),
        ([str(n % 997) for n in range(60_000)], [str(n % 991) for n in range(60_000)]),
    ],
)
def test_no_text_makes_it_long(old: list[str], new: list[str]) -> None:
    begin = time.process_time()
    compare(old, new)

    assert time.process_time() - begin < 5
