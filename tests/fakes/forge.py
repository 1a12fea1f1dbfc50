"""A forge in memory: one pull request, what is said on it, and what is written to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reviewbot.review.ports import BaseFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.posted import PostedFinding
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
    comments: dict[str, PostedFinding] = field(default_factory=dict)  # by fingerprint
    said: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)  # what check runs under way said
    next_push: str = ""  # a head that is pushed as soon as the diff was fetched
    closes: bool = False  # as soon as the diff was fetched

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
        if self.closes:
            self.pull = replace(self.pull, is_open=False)
        return self.changes

    def posted(self, pull: PullRequest) -> Sequence[PostedFinding]:
        assert pull.key == self.pull.key
        return list(self.comments.values())

    def begin(self, pull: PullRequest, says: str) -> None:
        assert pull.key == self.pull.key
        self.begun.append(says)
        self.checks.append(None)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        assert pull.key == self.pull.key
        self.checks.append(check)

    def say(self, pull: PullRequest, text: str) -> None:
        assert pull.key == self.pull.key
        self.said.append(text)

    def publish(self, publication: Publication) -> str:
        if publication.review_id not in self.reviews:
            self.reviews[publication.review_id] = publication
            self.checks.append(publication.check)
            for number, comment in enumerate(publication.comments, len(self.comments)):
                posted = replace(comment.finding, comment_id=str(number))
                self.comments[posted.fingerprint] = posted
            for fixed in publication.fixed:
                self.comments[fixed.fingerprint] = replace(fixed, is_fixed=True)
        return f"https://github.test/reviews/{publication.review_id}"
