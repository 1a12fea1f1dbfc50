"""A comment stands where its quote stands, or nowhere."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import (
    Anchor,
    Change,
    Content,
    Diff,
    FileDiff,
    Hunk,
    Line,
    Unanchored,
)
from reviewbot.domain.finding import Side
from reviewbot.domain.patch import parse_diff

HUNKS = """\
@@ -10,5 +10,6 @@ def pay():
 def pay():
-    total = price
+    total = price * count
+    log(total)
     return total

 # end
@@ -40,2 +41,4 @@
 x = 1
+x = 1
+    return total
 done()
"""
LEFT, RIGHT = Side.LEFT, Side.RIGHT


def index(hunks: str = HUNKS, header: str = "") -> AnchorIndex:
    entry = f"diff --git a/src/pay.py b/src/pay.py\n{header}--- a/src/pay.py\n+++ b/src/pay.py\n"
    return AnchorIndex(parse_diff((entry + hunks).encode()))


def place(
    quote: str, hint: tuple[int, int] = (0, 0), side: Side = RIGHT, path: str = "src/pay.py"
) -> tuple[Side, int, int] | None:
    found = index().anchor(path, side, quote, hint)
    return (found.side, found.start_line, found.line) if isinstance(found, Anchor) else None


def anchored(line: int) -> Anchor:
    return Anchor("src/pay.py", RIGHT, line, line)


@pytest.mark.parametrize(
    "quote",
    [
        "    total = price * count",
        "+    total = price * count",
        "11 +     total = price * count",
        "11:     total = price * count",
        "11 | total = price * count",
        "total  =  price * count",
        "+ total = price * count",
        "total\u00a0= price \uff0a count",
        "total = price * count\u200b",
        "\n\n    total = price * count\n",
    ],
)
def test_a_quote_is_found_as_models_write_it(quote: str) -> None:
    assert place(quote) == (RIGHT, 11, 11)


@pytest.mark.parametrize("quote", ["", "   \n", "+", "total = cost", "TOTAL = PRICE * COUNT"])
def test_what_is_not_in_the_diff_has_no_anchor(quote: str) -> None:
    assert place(quote, (11, 11)) is None


def test_a_deleted_line_is_on_the_left_whatever_the_model_says() -> None:
    assert place("    total = price", side=LEFT) == (LEFT, 11, 11)
    assert place("    total = price", side=RIGHT) == (LEFT, 11, 11)


def test_a_context_line_on_the_left_is_addressed_on_the_right() -> None:
    assert place("# end", side=LEFT) == (RIGHT, 15, 15)


def test_a_hint_decides_between_equal_lines_that_it_nearly_names() -> None:
    assert place("    return total", (13, 13)) == (RIGHT, 13, 13)
    assert place("    return total", (41, 41)) == (RIGHT, 43, 43)
    assert place("x = 1", (41, 41)) == (RIGHT, 41, 41)
    assert place("x = 1", (40, 43)) == (RIGHT, 42, 42)  # of two that it names, the changed one


@pytest.mark.parametrize("quote", ["    return total", "return total", "x = 1", "14 +  x = 1"])
def test_equal_lines_far_from_the_hint_are_not_guessed_between(quote: str) -> None:
    assert place(quote, (90, 90)) is None


def test_indentation_tells_lines_apart_only_where_a_quote_has_some() -> None:
    hunk = "@@ -0,0 +1,2 @@\n+return x\n+    return x\n"
    diff = index(hunk)

    assert diff.anchor("src/pay.py", RIGHT, "    return x", (60, 60)) == anchored(2)
    assert isinstance(diff.anchor("src/pay.py", RIGHT, "return x", (60, 60)), Unanchored)


def test_lines_that_follow_each_other_are_a_range() -> None:
    assert place("    total = price * count\n    log(total)") == (RIGHT, 11, 12)
    assert place("11 -     total = price\n11 +     total = price * count") == (RIGHT, 11, 11)
    assert place("    log(total)\n\n    gone") == (RIGHT, 12, 12)
    assert place("}\n    gone") is None


def test_a_range_stays_in_one_hunk() -> None:
    assert place("# end\nx = 1") == (RIGHT, 15, 15)


@pytest.mark.parametrize("hint", [(12, 13), (11, 13), (22, 23), (12, 40), (12, 9), (10, 12)])
def test_a_range_that_only_numbers_claim_moves_no_comment(hint: tuple[int, int]) -> None:
    assert place("    log(total)", hint) == (RIGHT, 12, 12)


@pytest.mark.parametrize("path", ["pay.py", "./src/pay.py", "b/src/pay.py", "/repo/src/pay.py"])
def test_a_part_of_the_path_will_do(path: str) -> None:
    assert place("    log(total)", path=path) == (RIGHT, 12, 12)


@pytest.mark.parametrize(
    "name", [" lead.py", "trail ", "new\nline.py", "cr\rname.py", "x\u2028y.py", "two  spaces.py"]
)
def test_a_name_is_known_as_one_line_shows_it(name: str) -> None:
    hunk = Hunk(0, 1, "", (Line("+", None, 1, "a"),))
    file = FileDiff(name, None, Change.ADDED, Content.TEXT, (hunk,))
    said = " ".join(name.split())

    assert AnchorIndex(Diff((file,))).anchor(said, RIGHT, "a", (1, 1)) == Anchor(name, RIGHT, 1, 1)
    twins = Diff((file, replace(file, path=f"{name} ")))
    assert isinstance(AnchorIndex(twins).anchor(said, RIGHT, "a", (1, 1)), Unanchored)


@pytest.mark.parametrize(
    "path", ["", "/", "ay.py", "src/other.py", "lib/src/pay.py", "mysrc/pay.py"]
)
def test_another_path_will_not(path: str) -> None:
    assert place("    log(total)", path=path) is None


def test_a_part_that_two_files_share_is_not_believed() -> None:
    hunk = "@@ -0,0 +1 @@\n+a\n"
    raw = "".join(
        f"diff --git a/{p}/x b/{p}/x\n--- a/{p}/x\n+++ b/{p}/x\n{hunk}" for p in ("a", "b")
    )
    both = AnchorIndex(parse_diff(raw.encode()))

    assert isinstance(both.anchor("x", RIGHT, "a", (1, 1)), Unanchored)
    assert both.anchor("b/x", RIGHT, "a", (1, 1)) == Anchor("b/x", RIGHT, 1, 1)


def test_the_earlier_name_of_a_file_is_known() -> None:
    renamed = index("@@ -1 +1 @@\n-a\n+b\n", "rename from old.py\nrename to src/pay.py\n")

    assert renamed.anchor("old.py", RIGHT, "b", (1, 1)) == Anchor("src/pay.py", RIGHT, 1, 1)


def test_the_code_is_that_of_the_side_and_twins_are_counted() -> None:
    diff = index()
    second = diff.anchor("src/pay.py", RIGHT, "x = 1", (42, 42))

    assert isinstance(second, Anchor)
    assert diff.code(second) == ("x = 1",)
    assert (diff.spot(second).text, diff.spot(second).nth) == ("x = 1", 1)
    assert diff.code(Anchor("src/pay.py", LEFT, 10, 12)) == (
        "def pay():",
        "    total = price",
        "    return total",
    )


def test_a_hostile_quote_costs_little() -> None:
    hunk = "@@ -0,0 +1,20000 @@\n" + "+}\n" * 20_000
    diff = index(hunk)
    begin = time.process_time()
    for _ in range(5):
        diff.anchor("src/pay.py", RIGHT, "}\n" * 2_000 + "x", (9, 9))

    assert time.process_time() - begin < 5


TEXT = st.sampled_from(["a", "  a", "b", "", "+a", "1 + a", "- b", "“q”", '"q"', "}"])
SIGNED = st.lists(st.tuples(st.sampled_from("+- "), TEXT), min_size=1, max_size=8)


@st.composite
def diffs(draw: st.DrawFn) -> Diff:
    raw = "diff --git a/f b/f\n--- a/f\n+++ b/f\n"
    old = new = draw(st.integers(1, 5))
    for lines in draw(st.lists(SIGNED, min_size=1, max_size=3)):
        counts = [sum(sign in signs for sign, _ in lines) for signs in ("- ", "+ ")]
        starts = [at - (not count) for at, count in zip((old, new), counts, strict=True)]
        raw += f"@@ -{starts[0]},{counts[0]} +{starts[1]},{counts[1]} @@\n"
        raw += "".join(f"{sign}{text}\n" for sign, text in lines)
        old, new = old + counts[0] + 3, new + counts[1] + 3
    return parse_diff(raw.encode())


@given(
    diffs(),
    st.sampled_from(Side),
    st.lists(TEXT, max_size=4).map("\n".join),
    st.tuples(st.integers(-2, 30), st.integers(-2, 30)),
)
@settings(max_examples=500, deadline=None)
def test_an_anchor_lies_in_one_hunk_of_the_diff(
    diff: Diff, side: Side, quote: str, hint: tuple[int, int]
) -> None:
    indexed = AnchorIndex(diff)

    anchor = indexed.anchor("f", side, quote, hint)

    if isinstance(anchor, Unanchored):
        return
    right = anchor.side is RIGHT
    homes = [
        {line.new if right else line.old for line in hunk.lines if right or line.sign == "-"}
        for hunk in diff.files[0].hunks
    ]
    assert anchor.start_line <= anchor.line
    assert any({anchor.start_line, anchor.line} <= home for home in homes)
    assert len(indexed.code(anchor)) == anchor.line - anchor.start_line + 1
    text, twins = indexed.spot(anchor).text, indexed.spot(anchor).nth
    assert text == indexed.code(anchor)[0]
    assert twins >= 0


@given(diffs())
@settings(max_examples=200, deadline=None)
def test_every_written_line_is_found_by_its_own_text(diff: Diff) -> None:
    indexed = AnchorIndex(diff)
    for line in (line for hunk in diff.files[0].hunks for line in hunk.lines):
        number, side = (line.old, LEFT) if line.sign == "-" else (line.new, RIGHT)
        if number is None or not line.text.strip():
            continue

        anchor = indexed.anchor("f", side, line.text, (number, number))

        assert isinstance(anchor, Anchor)
        assert indexed.code(anchor) == (line.text,)
        assert line.sign == " " or (anchor.side, anchor.line) == (side, number)
