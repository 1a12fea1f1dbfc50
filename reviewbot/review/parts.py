"""Asks about several chunks at once, and in smaller parts where that was too much.

An answer that was cut off, or is no answer to the question, says nothing reliable about any of
its chunks, and the same request would mostly end the same way. A single chunk that is cut off
is asked about once more with room for a longer answer; where that is cut off too, it keeps none of
its findings: that it was read would not be true.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, CutOff, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.review.ports import Answer
    from reviewbot.review.prompt import Task

    Ended = tuple[Sequence[Task], Sequence[Answer] | ModelError | BudgetExhausted]

    Ask = Callable[[Sequence[Task]], Sequence[Answer]]


def in_parts(
    tasks: Sequence[Task],
    ask: Ask,
    ask_at_length: Ask,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Ended]:
    """How each part ended: the whole, or its halves, down to single chunks.

    What was cut off is halved until it fits. What was garbled is asked for at most as often as it
    takes to find the one chunk to blame: 1 + 2 log2 n times. A model that garbles everything
    is not asked about every chunk. What the money did not suffice for is halved unless all is
    *stopped*, the riskiest half first: it must not go to a smaller request about safer code.
    """
    waiting: deque[tuple[Sequence[Task], BadAnswer | None]] = deque([(tasks, None)])
    left = 1 + 2 * (len(tasks) - 1).bit_length()
    short = _Shortage()
    ended: list[Ended] = []
    while waiting:
        part, why = waiting.popleft()
        if why is not None and not isinstance(why, CutOff) and left <= 0:
            ended.append((part, why))
            continue
        left -= 1
        try:
            ended.append((part, short.ask(part, ask)))
        except (ModelError, BudgetExhausted) as error:
            match error:
                case BadAnswer() if len(part) > 1:
                    waiting.extend((half, error) for half in _halves(part))
                case CutOff():
                    ended.append(_once(part, ask_at_length))
                case BudgetExhausted() if len(part) > 1 and not stopped():
                    left += 1
                    riskiest_first = sorted(part, key=lambda task: -task.chunk.risk)
                    waiting.extendleft((half, why) for half in reversed(_halves(riskiest_first)))
                case _:
                    ended.append((part, error))
    return ended


class _Shortage:
    """Spares the ledger what is no smaller than a chunk that it had no money for."""

    def __init__(self) -> None:
        self._least = inf  # tokens of such a chunk
        self._refused: BudgetExhausted | None = None

    def ask(self, part: Sequence[Task], ask: Ask) -> Sequence[Answer]:
        """The answers to *part*; raises the earlier refusal where asking would be in vain."""
        tokens = sum(task.chunk.tokens for task in part)
        if self._refused is not None and tokens >= self._least:
            raise self._refused
        try:
            return ask(part)
        except BudgetExhausted as error:
            if len(part) == 1:
                self._least, self._refused = tokens, error
            raise


def _halves(part: Sequence[Task]) -> tuple[Sequence[Task], Sequence[Task]]:
    middle = len(part) // 2
    return part[:middle], part[middle:]


def _once(part: Sequence[Task], ask: Ask) -> Ended:
    try:
        return part, ask(part)
    except (ModelError, BudgetExhausted) as error:
        return part, error
