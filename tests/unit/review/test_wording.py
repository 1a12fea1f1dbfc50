"""Foreign text only shows: it mentions nobody, links nowhere, hides nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.review import wording


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("ask @octocat or @acme/team", "ask `@octocat` or `@acme/team`"),
        ("see #12 and acme/shop#7", "see `#12` and `acme/shop#7`"),
        ("go to https://evil.example/x", "go to `https://evil.example/x`"),
        ("![x](https://evil.example/p.png)", "!\\[x\\](`https://evil.example/p.png)`"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
        ("before<!-- reviewbot:v1 mac=1 -->after", "beforeafter"),
        ("cut <!-- never closed", "cut"),
        ("keep `code @here` as code", "keep `code @here` as code"),
        ("a_b * c", "a\\_b \\* c"),
        ("a\u202eb\u200bc", "abc"),
        ("bell\x07 and \x1b[31mred", "bell and \\[31mred"),
    ],
)
def test_markdown_is_inert(foreign: str, shown: str) -> None:
    assert wording.markdown(foreign) == shown


@given(st.text())
def test_no_text_can_mention_or_open_a_comment(text: str) -> None:
    shown = wording.markdown(text)
    outside = re.sub(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", shown, flags=re.DOTALL)
    assert "<" not in outside
    assert not re.search(r"(?<![\w`\\])@[A-Za-z0-9]", outside)


@given(st.text())
def test_visible_text_is_plain(text: str) -> None:
    assert wording.is_plain(wording.visible(text))


@given(st.lists(st.text(alphabet="`a \t"), min_size=1))
def test_a_fence_is_longer_than_any_in_the_code(lines: list[str]) -> None:
    block = wording.code_block(lines, "suggestion").split("\n")
    fence = block[-1]
    assert all(fence not in line for line in block[1:-1])


def test_long_text_is_cut_at_a_word() -> None:
    assert wording.shortened("one two three", 10) == "one two…"
