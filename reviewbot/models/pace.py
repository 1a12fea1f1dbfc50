"""How fast an endpoint answers, estimated from what it did of late; pure.

Whole answers tell only their total time and their length. Where lengths differ, a line through
them, with old answers forgotten bit by bit, tells the seconds before the first token and the
seconds per token apart; where they do not, their mean is all there is to know.
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
    """Sums over answers of *tokens* in *seconds*, each weighted by how new it is."""

    weight: float = 0.0
    tokens: float = 0.0
    seconds: float = 0.0
    tokens_squared: float = 0.0
    products: float = 0.0

    def after(self, tokens: int, seconds: float) -> Pace:
        """With one more answer."""
        return Pace(
            self.weight * _KEPT + 1.0,
            self.tokens * _KEPT + tokens,
            self.seconds * _KEPT + seconds,
            self.tokens_squared * _KEPT + tokens * tokens,
            self.products * _KEPT + tokens * seconds,
        )

    @property
    def per_token(self) -> float:
        """Seconds per token of the answer; 0 where answers of one length do not tell."""
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

    def answered(self, tokens: int, seconds: float, at: float) -> Standing:
        """After an answer."""
        return replace(self, pace=self.pace.after(tokens, seconds), at=at)

    def probed(self, seconds: float) -> Standing:
        """After a live probe, which shows the way there and back, and no model's work."""
        return replace(self, trip=(self.trip + seconds) / 2 if self.trip else seconds)

    def expected(self, tokens: int) -> float | None:
        """Seconds until an answer is there, None where nobody knows."""
        if not self.pace.weight:
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
