"""A hunk too large for a chunk is cut with sense, and nothing of it counts twice."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Hunk, Line
from reviewbot.domain.finding import Tier
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.plan import plan_survey
from reviewbot.review.prompt import brief, tasks
from reviewbot.review.split import CHUNK_TOKENS, LEAD_TOKENS, Piece, pieces


def added(*texts: str, heading: str = "") -> FileDiff:
    lines = tuple(Line("+", None, at, text) for at, text in enumerate(texts, 1))
    return FileDiff("a.py", None, Change.ADDED, Content.TEXT, (Hunk(0, 1, heading, lines),))


def method(name: str, lines: int, margin: str = "    ") -> list[str]:
    return [f"{margin}def {name}(self):", *[f"{margin}    value = call(name)"] * lines, ""]


def test_a_hunk_that_fits_is_one_piece_without_lead() -> None:
    (piece,) = pieces(added("a", "b", heading="class A:"))

    assert (piece.heading, piece.lead, len(piece.lines)) == ("class A:", (), 2)


def test_a_part_is_led_in_by_the_lines_before_it() -> None:
    first, second, *_ = pieces(added(*(f"value = call({n})" for n in range(2000))))

    assert first.lead == ()
    assert second.lead == first.lines[-len(second.lead) :]
    assert 4 <= len(second.lead) <= 8


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("def pay(self):", "    value = call(name)"),
        ("export async function pay() {", "  const value = await call();"),
        ("func (s *Shop) Pay() error {", "\tvalue := call(name)"),
        ("static int pay(struct shop *s)\n{", "\tvalue = call(name);"),
        ("    pub(crate) fn pay() {", "        let value = call();"),
        ("  private static final class Pay {", "    value = call(name);"),
    ],
)
def test_a_part_is_named_by_the_definition_around_it(header: str, line: str) -> None:
    before = ["class Earlier:", "    pass", *header.split("\n")]

    second = list(pieces(added(*before, *[line] * 900, heading="of git")))[1]

    assert second.heading == header.split("\n", maxsplit=1)[0].strip()


def test_a_finished_definition_does_not_name_what_follows_it() -> None:
    body = ["class Shop:", *method("pay", 5), *["    value = call(name)"] * 900]

    assert list(pieces(added(*body)))[1].heading == "class Shop:"


def test_where_the_hunk_shows_no_definition_gits_heading_stays() -> None:
    second = list(pieces(added(*["    value = call(name)"] * 2000, heading="class Shop:")))[1]

    assert second.heading == "class Shop:"


def test_deleted_lines_neither_lead_in_nor_name() -> None:
    lines = [Line("+", None, 1, "def new():"), Line("-", 1, None, "def old():")]
    lines += [Line("+", None, at, "    value = call(name)") for at in range(2, 900)]
    lines[500:500] = [Line("-", at, None, "    gone(name)") for at in range(2, 9)]
    hunk = Hunk(1, 1, "", tuple(lines))
    file = FileDiff("a.py", None, Change.MODIFIED, Content.TEXT, (hunk,))

    parts = list(pieces(file))

    assert parts[1].heading == "def new():"
    assert all(line.sign != "-" for part in parts for line in part.lead)


def test_the_prompt_shows_the_lead_as_unchanged_and_its_change_asks_anew() -> None:
    body = [f"    value = call({n})" for n in range(1000)]
    edited = body.copy()
    briefing = brief(Tier.CHEAP, PullKey(1, 1), Policy(), ())
    first, second, *_ = tasks(plan_survey(Diff((added(*body),)), Policy()).chunks, briefing)
    if first.chunk.pieces[0].lead:
        first, second = second, first
    last = second.chunk.pieces[0].lead[-1]
    edited[(last.new or 0) - 1] = last.text.replace("value", "other")

    again = tasks(plan_survey(Diff((added(*edited),)), Policy()).chunks, briefing)

    assert f"\n{last.new}   {last.text}\n" in second.text
    assert f"\n{last.new} + {last.text}\n" in first.text
    assert second.key not in {task.key for task in again}


TEXTS = st.lists(
    st.sampled_from(["", "def f():", "    y = call(1)", "z" * 400, "v" * 22_000, "é" * 900, "}"]),
    min_size=1,
    max_size=120,
)


@given(TEXTS, st.sampled_from(["+", "+-", " +-", "-"]))
@settings(max_examples=200, deadline=None)
def test_every_line_is_in_one_piece_and_leads_are_context(texts: list[str], signs: str) -> None:
    old = new = 1
    lines: list[Line] = []
    for at, text in enumerate(texts):
        sign = signs[at % len(signs)]
        lines.append(Line(sign, None if sign == "+" else old, None if sign == "-" else new, text))
        old, new = old + (sign != "+"), new + (sign != "-")
    file = FileDiff("a", None, Change.MODIFIED, Content.TEXT, (Hunk(1, 1, "", tuple(lines)),))

    parts = list(pieces(file))

    assert [line for part in parts for line in part.lines] == lines
    assert sum(part.segment.added for part in parts) == file.added
    assert max(Counter(part.segment.lines for part in parts).values()) == 1
    for before, part in pairwise(parts):
        assert_leads_in(before, part)


def assert_leads_in(before: Piece, part: Piece) -> None:
    shown = [line for line in before.lines if line.new is not None]
    assert len(part.lines) == 1 or part.tokens <= CHUNK_TOKENS
    assert sum(len(line.text.encode()) for line in part.lead) <= LEAD_TOKENS * 3.4
    assert not part.lead or part.lead[-1] == (shown or [part.lead[-1]])[-1]
