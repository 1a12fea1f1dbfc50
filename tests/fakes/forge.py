"""A forge in memory: one pull request, what is said on it, and what is written to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reviewbot.review.ports import BaseFiles, Posted

if TYPE_CHECKING:
    from reviewbot.domain.diff import Diff
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.review.ports import Check, Publication


@dataclass
class FakeForge:
    """Keeps the review of each head once, as a marker would."""

    pull: PullRequest
    changes: Diff
    files: BaseFiles = field(default_factory=lambda: BaseFiles(None, None, ()))
    checks: list[Check | None] = field(default_factory=list)  # None: under way
    reviews: dict[str, Publication] = field(default_factory=dict)
    fingerprints: set[str] = field(default_factory=set)
    next_push: str = ""  # a head that is pushed as soon as the diff was fetched

    def pull_request(self, request: ReviewRequest) -> PullRequest:
        assert request.number == self.pull.key.number
        return self.pull

    def base_files(self, pull: PullRequest) -> BaseFiles:
        assert pull == self.pull
        return self.files

    def diff(self, pull: PullRequest) -> Diff:
        assert pull == self.pull
        if self.next_push:
            self.pull = replace(self.pull, head_sha=self.next_push)
        return self.changes

    def posted(self, pull: PullRequest) -> Posted:
        assert pull.key == self.pull.key
        return Posted(frozenset(self.fingerprints))

    def begin(self, pull: PullRequest) -> None:
        assert pull == self.pull
        self.checks.append(None)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        assert pull.key == self.pull.key
        self.checks.append(check)

    def publish(self, publication: Publication) -> str:
        if publication.review_id not in self.reviews:
            self.reviews[publication.review_id] = publication
            self.checks.append(publication.check)
            self.fingerprints |= {comment.fingerprint for comment in publication.comments}
        return f"https://github.test/reviews/{publication.review_id}"
