"""A suggestion is committable only where it is proven to apply."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Anchor
from reviewbot.domain.finding import Category, Finding, Severity, Side, Standing, Tier
from reviewbot.domain.outcome import Fate, Judged
from reviewbot.review.compose import comment_body
from reviewbot.review.suggest import MOST_LINES, committable

CODE = ("    if total > limit:", "        return total", "    return limit")


def judged(
    suggestion: str | None,
    code: tuple[str, ...] = CODE,
    *,
    side: Side = Side.RIGHT,
    start: int = 10,
    named: tuple[int, int] | None = None,
    quote: str | None = None,
) -> Judged:
    """A finding on *code* at *start*, whose model named the lines *named*."""
    path = "src/pay.py"
    end = start + len(code) - 1
    first, last = named or (start, end)
    finding = Finding(
        path,
        side,
        first,
        last,
        "\n".join(code) if quote is None else quote,
        Category.CORRECTNESS,
        Severity.HIGH,
        0.9,
        "It breaks",
        "It breaks here.",
        suggestion,
    )
    anchor = Anchor(path, side, start, end)
    return Judged(
        finding, "f", anchor, Tier.CHEAP, "m", Standing.UNCHECKED, Fate.COMMENT, code=code
    )


def test_lines_are_replaced_as_they_were_written() -> None:
    assert committable(judged("    return min(total, limit)")) == ("    return min(total, limit)",)
    assert committable(judged("    a()\n\n    b()\n\n")) == ("    a()", "", "    b()", "")


def test_lost_indentation_is_given_back_where_it_can_be_told() -> None:
    one = ("        return total",)
    assert committable(judged("return limit", one)) == ("        return limit",)
    assert committable(judged("if x:\n  return 1\nreturn 2")) == (
        "    if x:",
        "      return 1",
        "    return 2",
    )
    assert committable(judged("if x:\n        return total\n    return limit")) == (
        "    if x:",
        "        return total",
        "    return limit",
    )
    assert committable(judged("if x:\n    return total\n    return 1")) == (
        "    if x:",
        "        return total",
        "        return 1",
    )


@pytest.mark.parametrize(
    "suggestion",
    [
        "first()\n    second()",  # whole or relative?
        "\treturn total",  # tabs among spaces
        "```python\n    return 1\n```",
        "+    return 1",
        "-    return total\n+    return 1",
        "10 +     return 1",
        "@@ -1 +1 @@\n    return 1",
        "\n".join(CODE),
        "\n".join(CODE) + "\n",
        "    return 1\r",
        "    return 1\u200b",
        "\n".join(["    x()"] * (MOST_LINES + 1)),
    ],
)
def test_what_is_not_proven_to_apply_is_shown_as_plain_code(suggestion: str) -> None:
    one = judged(suggestion)

    assert committable(one) is None
    assert "suggestion\n" not in comment_body(one)


@pytest.mark.parametrize(
    ("suggestion", "code"),
    [
        ("- name: new", ("- name: old",)),
        ("--count", ("x = 1",)),
        ("-1", ("0",)),
        ("```sh", ("```bash",)),
        ("+ an item", ("+ a thing",)),
    ],
)
def test_signs_that_belong_to_the_file_are_no_marks(suggestion: str, code: tuple[str, ...]) -> None:
    assert committable(judged(suggestion, code)) == (suggestion,)


def test_deleted_lines_are_never_replaced() -> None:
    assert committable(judged("    x()", side=Side.LEFT)) is None


def test_the_range_must_be_proven_by_the_whole_quote() -> None:
    assert committable(judged("    x()", named=(70, 72))) is not None
    assert committable(judged("    x()", named=(10, 11))) is None
    assert committable(judged("    x()", quote=CODE[0])) is None
    assert committable(judged("    x()", ("    y()",), named=(70, 70))) is not None


def test_a_file_in_another_encoding_is_left_alone() -> None:
    assert committable(judged("cafe", ("caf\ufffd",))) is None
    assert committable(judged("cafe", ("cafe()\r",))) is None


TEXT = st.sampled_from(["x = 1", "return y", "if a:", "}", "", "`", "```", "````js", "- a", "+ b"])
WRITTEN = st.lists(
    st.builds(
        lambda margin, text: f"{margin}{text}", st.sampled_from(["", "  ", "    ", "\t"]), TEXT
    ),
    min_size=1,
    max_size=5,
)


@given(WRITTEN, WRITTEN, st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=500, deadline=None)
def test_applying_it_yields_what_the_model_wrote(
    written: list[str], code: list[str], before: int, after: int
) -> None:
    file = [*["head"] * before, *code, *["tail"] * after]
    one = judged("\n".join(written), tuple(code), start=before + 1)

    lines = committable(one)

    block = re.search(r"(?ms)^(`{3,})suggestion\n(.*?)\n\1$", comment_body(one))
    assert (lines is None) == (block is None)
    if lines is None or block is None or one.anchor is None:
        return
    applied = list(file)
    applied[one.anchor.start_line - 1 : one.anchor.line] = block[2].split("\n")
    assert applied != file
    assert (
        applied[:before] + applied[before + len(lines) :]
        == file[:before] + file[-after or len(file) :]
    )
    written = "\n".join(written).removesuffix("\n").split("\n")  # a last line feed ends a line
    assert [line.lstrip() for line in lines] == [line.lstrip() for line in written]
    margins = {
        mine.removesuffix(theirs)
        for mine, theirs in zip(lines[1:], written[1:], strict=True)
        if theirs.strip()
    }
    assert len(margins) <= 1  # all of its lines are moved alike
