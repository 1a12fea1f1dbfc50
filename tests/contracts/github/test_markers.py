from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.github.markers import Mark, Marker

MARKER = Marker(b"secret")


@given(st.lists(st.text(min_size=1, max_size=16).filter(str.isprintable), max_size=6), st.text())
def test_what_was_sealed_is_opened_unchanged(parts: list[str], around: str) -> None:
    seal = MARKER.seal("finding", *parts)
    assert Mark("finding", tuple(parts)) in list(MARKER.open(f"{around}\n{seal}\n{around}"))
    assert seal.count("-->") == 1


def test_nobody_else_can_seal() -> None:
    forged = Marker(b"other").seal("finding", "f00d", 1, 1)
    changed = MARKER.seal("finding", "f00d", 1, 1).replace("f00d", "beef")
    assert not list(MARKER.open(forged + changed))


@given(st.text())
def test_foreign_text_never_breaks_the_search(text: str) -> None:
    assert not list(MARKER.open(f"<!-- reviewbot:finding:{text}:{'0' * 64} -->"))
