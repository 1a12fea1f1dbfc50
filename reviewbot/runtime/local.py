"""A local diff in the place of GitHub, and GitHub without writes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.patch import parse_diff
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.review.ports import BaseFiles
from reviewbot.runtime.reading_forge import ReadingForge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import ReviewRequest
    from reviewbot.review.ports import Check, Publication

_MOST_NUMBERS = 2**31


class _Unwritten:
    """What a review writes, where nobody is to see it."""

    __slots__ = ()

    def begin(self, pull: PullRequest, says: str) -> None:
        """Nobody watches."""

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """Nobody watches."""

    def say(self, pull: PullRequest, text: str) -> None:
        """Nobody listens."""

    def publish(self, publication: Publication) -> str:
        """Not posted, so at no address."""
        del publication
        return ""


@dataclass(frozen=True, slots=True)
class LocalForge(_Unwritten):
    """Shows a diff as a pull request; nothing is read from the checkout, nothing is written.

    *name* says where the diff comes from; answers are known again under the same name.
    """

    name: str
    raw: bytes

    def pull_request(self, request: ReviewRequest) -> PullRequest:
        """The diff, as a pull request whose head is its own digest."""
        number = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big")
        return PullRequest(
            key=PullKey(0, number % _MOST_NUMBERS),
            repository=request.repository,
            title="",
            author=Author(0, "local"),
            head_sha=hashlib.sha256(self.raw).hexdigest()[:40],
            base_sha="",
            base_branch="",
            default_branch="",
        )

    def base_files(self, pull: PullRequest) -> BaseFiles:
        """None: configuration in a checkout belongs to whoever wrote the checkout."""
        del pull
        return BaseFiles(None, None, ())

    def diff(self, pull: PullRequest) -> Diff:
        """The parsed diff."""
        del pull
        return parse_diff(self.raw)

    def posted(self, pull: PullRequest) -> Sequence[PostedFinding]:
        """Nothing is ever posted."""
        del pull
        return ()


class ReadOnlyForge(_Unwritten, ReadingForge):
    """Reads from a forge and writes nothing."""

    __slots__ = ()
