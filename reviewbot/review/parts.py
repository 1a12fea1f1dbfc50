"""Asks about several chunks at once, and in smaller parts where that was too much.

An answer that was cut off, or is no answer to the question, says nothing reliable about any of
its chunks, and the same request would mostly end the same way. A single chunk that is cut off
is asked about once more with room for a longer answer; where that is cut off too, it keeps none of
its findings: that it was read would not be true.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, CutOff, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.review.ports import Answer
    from reviewbot.review.prompt import Task

    Ended = tuple[Sequence[Task], Sequence[Answer] | ModelError | BudgetExhausted]

    Ask = Callable[[Sequence[Task]], Sequence[Answer]]


def in_parts(tasks: Sequence[Task], ask: Ask, ask_at_length: Ask) -> list[Ended]:
    """How each part ended: the whole, or its halves, down to single chunks.

    What was cut off is halved until it fits. What was garbled is asked for at most as often as it
    takes to find the one chunk to blame: 1 + 2 log2 n times. A model that garbles everything
    is not asked about every chunk.
    """
    waiting: deque[tuple[Sequence[Task], BadAnswer | None]] = deque([(tasks, None)])
    left = 1 + 2 * (len(tasks) - 1).bit_length()
    ended: list[Ended] = []
    while waiting:
        part, why = waiting.popleft()
        if why is not None and not isinstance(why, CutOff) and left <= 0:
            ended.append((part, why))
            continue
        left -= 1
        try:
            ended.append((part, ask(part)))
        except BadAnswer as error:
            if len(part) > 1:
                middle = len(part) // 2
                waiting.extend([(part[:middle], error), (part[middle:], error)])
            elif isinstance(error, CutOff):
                ended.append(_once(part, ask_at_length))
            else:
                ended.append((part, error))
        except (ModelError, BudgetExhausted) as error:
            ended.append((part, error))
    return ended


def _once(part: Sequence[Task], ask: Ask) -> Ended:
    try:
        return part, ask(part)
    except (ModelError, BudgetExhausted) as error:
        return part, error
