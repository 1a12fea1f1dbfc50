"""What a model is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.finding import Tier
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.policy import Data


MESSAGES = 2  # of a request: system, user


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat of two messages; *system* is the same bytes for every chunk under one policy."""

    system: str
    user: str
    schema: str  # the JSON Schema of the answer, as JSON text

    @property
    def size(self) -> int:
        """Its UTF-8 bytes: no tokeniser makes more tokens of it."""
        return sum(
            len(text.encode(errors="replace")) for text in (self.system, self.user, self.schema)
        )


def _unheard() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a tier about one or more chunks.

    *keys* names each chunk's answer without the model; *weights* are the chunks' shares of
    the cost. *divide* turns the answer's text into one text a chunk, or raises BadAnswer.
    *granted* is called whenever money is set aside for it.
    """

    tier: Tier
    prompt: Prompt
    keys: tuple[str, ...]
    weights: tuple[int, ...]
    divide: Callable[[str], tuple[str, ...]]
    output_cap: int
    label: str
    reason: str = ""
    data: Data | None = None  # where its files let code go; None is as the policy says
    granted: Callable[[], object] = _unheard


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one chunk, and its share of what the request cost when it was asked."""

    key: str
    text: str
    model: str
    cost: PicoUsd
    tokens: int  # its share of input and output tokens
    review_id: str  # the review that paid for it
