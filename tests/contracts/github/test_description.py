"""The block in a pull request's body: ours in place, the author's text to the last byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.pull_request import PullKey
from reviewbot.github.description import WALKTHROUGH, WORDS, block, with_blocks
from reviewbot.github.markers import Marker

MARKER = Marker(b"secret")
PULL = PullKey(7, 42)
OLD = block(MARKER, PULL, WALKTHROUGH, "old\nlines")
NEW = block(MARKER, PULL, WALKTHROUGH, "new")
FOREIGN = block(MARKER, PullKey(7, 43), WALKTHROUGH, "of another")
FORGED = block(Marker(b"guessed"), PULL, WALKTHROUGH, "forged")
PIECES = st.sampled_from(
    [
        "I changed it.",
        "\n",
        "\r\n",
        "<!-- note -->",
        FOREIGN.whole,
        FORGED.whole,
        " ",
        "```\nx\n```",
    ]
)
TEXT = st.lists(PIECES, max_size=6).map("".join)


@given(before=TEXT, after=TEXT)
def test_a_block_is_replaced_in_place_and_nothing_else_is_touched(before: str, after: str) -> None:
    body = f"{before}{OLD.whole}{after}"

    assert with_blocks(body, [NEW]) == f"{before}{NEW.whole}{after}"


@given(TEXT)
def test_without_a_block_it_stands_at_the_end(body: str) -> None:
    changed = with_blocks(body, [NEW])

    assert changed.endswith(NEW.whole)
    assert changed.startswith(body) or not body.strip()


@given(TEXT)
def test_a_second_time_changes_nothing(body: str) -> None:
    once = with_blocks(body, [OLD, NEW])

    assert with_blocks(once, [NEW]) == once
    assert once.count(NEW.opening) == 1


@given(TEXT)
def test_line_ends_that_a_browser_sent_are_no_change(body: str) -> None:
    saved = with_blocks(body, [OLD]).replace("\r\n", "\n").replace("\n", "\r\n")

    assert with_blocks(saved, [OLD]) == saved


def test_half_a_block_is_the_author_s() -> None:
    for half in (NEW.opening, NEW.closing, f"{NEW.closing} between {NEW.opening}"):
        body = f"mine {half} mine too"
        assert with_blocks(body, [NEW]) == f"{body}\n\n{NEW.whole}"
    lone = f"mine {OLD.opening} mine\n\n{OLD.whole}"
    assert with_blocks(lone, [NEW]) == f"mine {OLD.opening} mine\n\n{NEW.whole}"


def test_parts_have_blocks_of_their_own() -> None:
    words = block(MARKER, PULL, WORDS, "why")
    both = with_blocks("mine", [words, OLD])

    assert with_blocks(both, [NEW]) == f"mine\n\n{words.whole}\n\n{NEW.whole}"


def test_a_body_that_would_become_too_long_is_left_alone() -> None:
    body = "x" * 64_900

    assert with_blocks(body, [NEW]) == body
    assert with_blocks("x", [block(MARKER, PULL, WORDS, "y" * 65_000)]) == "x"
    grown = block(MARKER, PULL, WALKTHROUGH, "y" * 65_000)
    assert with_blocks(f"x{OLD.whole}", [grown]) == f"x{OLD.whole}"
