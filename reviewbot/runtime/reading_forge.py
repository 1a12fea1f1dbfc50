"""The reads of a forge, for those that stand before one and change only what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.review.ports import BaseFiles, Forge


@dataclass(frozen=True, slots=True)
class ReadingForge:
    """Reads what *forge* reads; how to write is said by the subclass."""

    forge: Forge

    def pull_request(self, request: ReviewRequest) -> PullRequest:
        """As the forge has it."""
        return self.forge.pull_request(request)

    def base_files(self, pull: PullRequest) -> BaseFiles:
        """As the forge has them."""
        return self.forge.base_files(pull)

    def diff(self, pull: PullRequest) -> Diff:
        """As the forge has it."""
        return self.forge.diff(pull)

    def posted(self, pull: PullRequest) -> Sequence[PostedFinding]:
        """As the forge has it."""
        return self.forge.posted(pull)
