"""Foreign text only shows: it mentions nobody, links nowhere, hides nothing."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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
        ("fixed in 0123abc4", "fixed in `0123abc4`"),
        ("see www.evil.example now", "see `www.evil.example` now"),
        ("mail a@b.example", "mail a`@b`.example"),
        ("# not a heading\n1. no list", "\\# not a heading\n1\\. no list"),
        ("```\n@octocat", "\\`\\`\\`\n`@octocat`"),
        ("a ` @octocat", "a \\` `@octocat`"),
        ("`a``b`@octocat`c`", "```a``b``` `@octocat` `c`"),
        ("give feedback", "give feedback"),
        ("x\u2028y\u2069", "xy"),
        ("bell\x07 and \x1b[31mred", "bell and \\[31mred"),
    ],
)
def test_markdown_is_inert(foreign: str, shown: str) -> None:
    assert wording.markdown(foreign) == shown


@pytest.mark.parametrize(
    "foreign",
    [
        " ".join("`" * length for length in range(1, 600)),  # runs that never close
        "a" + "\n" * 200_000 + "b",
        "`" * 200_000,
        "` " * 100_000,
        "<!--" * 50_000,
        "www." * 50_000,
        "a/" * 100_000,
    ],
)
def test_no_text_takes_long(foreign: str) -> None:
    begun = time.process_time()
    wording.markdown(foreign)
    assert time.process_time() - begun < 5


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


def test_a_code_span_survives_backticks_and_line_feeds() -> None:
    assert wording.code_span("a`b``c") == "```a`b``c```"
    assert wording.code_span("`a\n b") == "`` `a b ``"
    assert wording.code_span(" \n") == ""


def test_a_terminal_line_is_one_line_without_escapes() -> None:
    assert wording.one_line("a\n  b\x1b[31m\u202e") == "a b[31m"


def test_long_text_is_cut_at_a_word() -> None:
    assert wording.shortened("one two three", 10) == "one two…"


@given(st.text(alphabet="ab \n", max_size=30), st.integers(1, 20))
def test_shortened_text_is_a_beginning_of_it_that_fits(text: str, most: int) -> None:
    short = wording.shortened(text, most)

    assert len(short) <= most
    assert short == text or text.startswith(short.removesuffix("…"))


# --- the law ---------------------------------------------------------------------------------

WORDS = """
@octocat #1 a/b#2 https://e.example www.e.example 1234abcd GH-7 x ` `` \\ <b> [l]( ![i]( )
[r]:/u <!-- --> &#64; ~~~ --- === # > - 1. | * _
"""
HOSTILE = st.lists(st.sampled_from([*WORDS.split(), "\n", "\n\n", "    ", " "]), max_size=12).map(
    "".join
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = {"paragraph_open", "inline", "paragraph_close", "code_block"}
INERT = {"text", "code_inline", "softbreak", "hardbreak"}
ACTIVE = re.compile(
    r"(?<![\w`])@[A-Za-z0-9]|(?:https?|ftp)://\w|\bwww\.\w|(?<!\w)#[0-9]|\bGH-[0-9]"
    r"|\b[0-9a-f]{7,40}\b"
)


@given(HOSTILE)
@settings(max_examples=500, deadline=None)
def test_a_reader_of_markdown_finds_nothing_but_text_and_code(text: str) -> None:
    blocks = MARKDOWN.parse(wording.markdown(text))

    assert {block.type for block in blocks} <= PLAIN
    for child in (child for block in blocks for child in block.children or ()):
        assert child.type in INERT
    for block in blocks:
        shown = "".join(
            child.content if child.type == "text" else "\0" for child in block.children or ()
        )
        assert not ACTIVE.search(shown)
