"""What people decided on a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.command import Breadth, Sender
    from reviewbot.domain.finding import Severity
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey, PullRequest


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody does not want to hear of a finding (by fingerprint) or of a rule (by id) here.

    It is about nothing graver than *up_to*: what else comes up on the same line is news.
    """

    breadth: Breadth
    name: str
    by: Sender
    up_to: Severity


class Rulings(Protocol):
    """What people with write access decided on a pull request."""

    def paused_by(self, pull: PullKey) -> str:
        """Who paused it; empty if nobody did."""

    def silences(self, pull: PullKey) -> Sequence[Silence]:
        """What nobody wants to hear of on it."""

    def may_cost(self, pull: PullRequest, quoted: PicoUsd) -> bool:
        """Whether the review of this head may cost so much, which is more than passes unasked."""
