"""How fast an endpoint answers, estimated from what it did of late; pure.

A streamed answer tells the seconds before its first token and those after it. Whole answers tell
only their total time and their length: where lengths differ, a line through them, with old answers
forgotten bit by bit, tells both apart; where they do not, their mean is all there is to know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KEPT = 0.9  # of what was known, with each new answer: ten answers or so count
_LEAST_SPREAD = 0.2  # of the lengths around their mean, before a slope is believed
_WORTH_IT = 0.9  # a route that is not preferred has to be so much faster


@dataclass(frozen=True, slots=True)
class Pace:
    """Sums over answers of *tokens* in *seconds*, each weighted by how new it is.

    *firsts* are the seconds before the first token of the answers that were streamed.
    """

    weight: float = 0.0
    tokens: float = 0.0
    seconds: float = 0.0
    tokens_squared: float = 0.0
    products: float = 0.0
    streamed: float = 0.0  # their weight
    firsts: float = 0.0
    streamed_tokens: float = 0.0
    streaming: float = 0.0  # seconds after the first token

    def after(self, tokens: int, seconds: float, first: float = 0.0) -> Pace:
        """With one more answer; *first* is 0 where it was not streamed."""
        if first or (self.streamed and not tokens):  # nothing came: the first token was later still
            first = first or seconds
            return replace(
                self,
                streamed=self.streamed * _KEPT + 1.0,
                firsts=self.firsts * _KEPT + first,
                streamed_tokens=self.streamed_tokens * _KEPT + tokens,
                streaming=self.streaming * _KEPT + max(0.0, seconds - first),
            )
        return replace(
            self,
            weight=self.weight * _KEPT + 1.0,
            tokens=self.tokens * _KEPT + tokens,
            seconds=self.seconds * _KEPT + seconds,
            tokens_squared=self.tokens_squared * _KEPT + tokens * tokens,
            products=self.products * _KEPT + tokens * seconds,
        )

    @property
    def is_known(self) -> bool:
        """Whether there was any answer."""
        return self.weight + self.streamed > 0

    @property
    def per_token(self) -> float:
        """Seconds per token of the answer; 0 where answers of one length do not tell."""
        if self.streamed:
            return self.streaming / self.streamed_tokens if self.streamed_tokens else 0.0
        if not self.weight:
            return 0.0
        mean = self.tokens / self.weight
        spread = self.tokens_squared / self.weight - mean * mean
        if spread <= (_LEAST_SPREAD * mean) ** 2:
            return 0.0
        joint = self.products / self.weight - mean * self.seconds / self.weight
        return max(0.0, min(joint / spread, self.seconds / self.tokens))

    @property
    def before(self) -> float:
        """Seconds before the first token."""
        if self.streamed:
            return self.firsts / self.streamed
        if not self.weight:
            return 0.0
        return max(0.0, (self.seconds - self.per_token * self.tokens) / self.weight)

    def expected(self, tokens: int) -> float:
        """Seconds that an answer of so many tokens will take."""
        return self.before + self.per_token * tokens


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one route: its pace, the round trip of live probes, the last answer."""

    pace: Pace = Pace()
    trip: float = 0.0
    at: float = 0.0  # seconds on the clock

    def answered(self, tokens: int, seconds: float, at: float, first: float = 0.0) -> Standing:
        """After an answer; *first* is 0 where it was not streamed."""
        return replace(self, pace=self.pace.after(tokens, seconds, first), at=at)

    def probed(self, seconds: float) -> Standing:
        """After a live probe, which shows the way there and back, and no model's work."""
        return replace(self, trip=(self.trip + seconds) / 2 if self.trip else seconds)

    def expected(self, tokens: int) -> float | None:
        """Seconds until an answer is there, None where nobody knows."""
        if not self.pace.is_known:
            return None
        return max(self.pace.before, self.trip) + self.pace.per_token * tokens


def fastest_first(count: int, expected: Callable[[int], float | None]) -> Sequence[int]:
    """The order in which to ask *count* routes, given in order of preference.

    What nobody knows is asked first, or it would never be known. A later route goes ahead of an
    earlier one only where it is clearly faster, so that noise moves nothing.
    """
    seconds = [expected(index) for index in range(count)]
    known = [index for index in range(count) if seconds[index] is not None]
    order = [index for index in range(count) if seconds[index] is None]
    while known:
        best = min(known, key=lambda index: seconds[index] or 0.0)
        bound = (seconds[best] or 0.0) / _WORTH_IT
        chosen = next(index for index in known if (seconds[index] or 0.0) <= bound)
        known.remove(chosen)
        order.append(chosen)
    return order
