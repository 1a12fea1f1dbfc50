"""What people decided, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.domain.ruling import Silence


@dataclass
class FakeRulings:
    """Nobody decided anything, unless a test says so."""

    paused: str = ""
    silenced: list[Silence] = field(default_factory=list)
    approved: set[str] = field(default_factory=set)  # heads
    held: list[tuple[str, PicoUsd]] = field(default_factory=list)

    def paused_by(self, pull: PullKey) -> str:
        del pull
        return self.paused

    def silences(self, pull: PullKey) -> Sequence[Silence]:
        del pull
        return self.silenced

    def may_cost(self, pull: PullRequest, quoted: PicoUsd) -> bool:
        self.held.append((pull.head_sha, quoted))
        return pull.head_sha in self.approved
