from __future__ import annotations

from reviewbot.ledger.clock import Clock


class TurnableClock:
    """A clock that tests turn; waiting turns it too."""

    def __init__(self, seconds: float = 1_800_000_000.0) -> None:
        self.now = seconds

    def turn(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda _event, seconds: self.turn(seconds))
