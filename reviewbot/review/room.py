"""How much code a single request may show, so that its worst case stays within a cap."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from reviewbot.domain.money import TOKENS_PER_MESSAGE
from reviewbot.domain.question import MESSAGES
from reviewbot.review.prompt import task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.domain.money import PicoUsd, Price
    from reviewbot.review.plan import Chunk
    from reviewbot.review.prompt import Briefing
    from reviewbot.review.split import Piece

_NUMBERED = 12  # bytes of a line's number, sign and end
_FIXED_BYTES = 4_096  # of a request: fences, names and its wrapping


def room_of(price: Price | None, most: PicoUsd, output_cap: int) -> int:
    """How many bytes a request may have; none where nobody knows what they cost."""
    if price is None:
        return 0
    dearest = max(price.input, price.cached, price.cache_write, 1)
    left = most - output_cap * price.output
    return max(0, left // dearest - MESSAGES * TOKENS_PER_MESSAGE - _FIXED_BYTES)


def within(chunks: Iterable[Chunk], briefing: Briefing, room: int) -> list[str]:
    """As many chunks as there is room for; the first one that is too long is cut."""
    texts: list[str] = []
    for chunk in chunks:
        cut = shortened(chunk, room)
        text = task(cut, briefing).text
        room -= len(text.encode())
        if cut.pieces and room >= 0:
            texts.append(text)
        if cut != chunk:
            break
    return texts


def shortened(chunk: Chunk, room: int) -> Chunk:
    """The first lines of a chunk, about as many as *room* bytes hold."""
    pieces: list[Piece] = []
    left = room - 200 - len(chunk.path.encode())
    for piece in chunk.pieces:
        left -= len(piece.heading.encode()) + 4
        sums = list(accumulate(len(line.text.encode()) + _NUMBERED for line in piece.lines))
        fit = bisect_right(sums, left)
        if fit:
            pieces.append(replace(piece, lines=piece.lines[:fit]))
        if fit < len(sums):
            break
        left -= sums[-1]
    return replace(chunk, pieces=tuple(pieces))
