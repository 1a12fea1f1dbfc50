"""One index serves all comparisons: it finds what comparing every line would find."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from reviewbot.domain.column import _LEVELS, Column
from reviewbot.domain.diff import Hunk, Line
from reviewbot.domain.finding import Side

# What the normalisations treat alike, and what composes once something between is taken out.
TEXTS = st.text(
    "ab1 \t\u00a0\u2003`'\u2018\u2033\u2034\u201d\"-\u2013\u200b\u0301\u00e1\ufb01\r", max_size=5
)


@given(st.lists(TEXTS, min_size=1, max_size=12), TEXTS)
@example(["a\u200b\u0301"], "\u00e1")
@example(["\u2034"], "'''")
def test_every_comparison_finds_all_its_lines(texts: list[str], wanted: str) -> None:
    lines = tuple(Line("+", None, at + 1, text) for at, text in enumerate(texts))
    column = Column(Side.RIGHT)
    column.add(Hunk(0, 1, "", lines), 0)
    for quoted in (wanted, *texts):
        for level, normal in enumerate(_LEVELS):
            key = normal(quoted)
            alike = [at for at, text in enumerate(texts) if normal(text) == key]
            assert column.where(level, key) == alike
