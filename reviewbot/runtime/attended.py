"""Rulings for reviews that somebody starts and waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.domain.ruling import Rulings, Silence


@dataclass(frozen=True, slots=True)
class Attended:
    """Whoever starts a review by hand, or in a workflow, has approved what it costs."""

    rulings: Rulings

    def paused_by(self, pull: PullKey) -> str:
        """As people decided."""
        return self.rulings.paused_by(pull)

    def silences(self, pull: PullKey) -> Sequence[Silence]:
        """As people decided."""
        return self.rulings.silences(pull)

    def may_cost(self, pull: PullRequest, quoted: PicoUsd) -> bool:
        """It may: ``--max-cost`` and the budgets are there for whoever wants less."""
        del pull, quoted
        return True
