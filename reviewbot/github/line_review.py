"""A review with comments on lines, or all of it as one text where GitHub refuses the lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.github.errors import Rejected
from reviewbot.github.posted import seal_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker
    from reviewbot.review.ports import Comment

_LONGEST_BODY = 65_000  # characters, marks included; GitHub's limit is 65,536


@dataclass(frozen=True, slots=True)
class LineReview:
    """What is posted; the *seal* marks it, and *fallback* says what the *comments* say too."""

    pull: PullRequest
    comments: Sequence[Comment]
    body: str
    fallback: str
    seal: str

    def post(
        self, client: GitHubClient, marker: Marker, find: Callable[[], JsonObject | None]
    ) -> JsonObject:
        """Post it; *find* looks whether it stands in spite of a refusal."""
        path = reviews_of(self.pull)
        common = {"commit_id": self.pull.head_sha, "event": "COMMENT"}
        whole = {**common, "body": sealed(self.body, self.seal)}
        if not self.comments:
            return client.post(path, whole)
        lines = [_on_line(comment, self.pull, marker) for comment in self.comments]
        try:
            return client.post(path, {**whole, "comments": lines})
        except Rejected:
            # Orphans of refused reviews have been seen, so look first.
            text = sealed(self.fallback, self.seal)
            return find() or client.post(path, {**common, "body": text})


def reviews_of(pull: PullRequest) -> str:
    """The path of a pull request's reviews."""
    return f"/repos/{pull.repository}/pulls/{pull.key.number}/reviews"


def sealed(body: str, seal: str) -> str:
    """A text with its mark at the end, as long as GitHub takes it."""
    return f"{body[: _LONGEST_BODY - len(seal)]}\n\n{seal}"


def _on_line(comment: Comment, pull: PullRequest, marker: Marker) -> Mapping[str, Any]:
    """A review's comment as GitHub takes it, with its mark."""
    anchor = comment.anchor
    place: dict[str, Any] = {"path": anchor.path, "line": anchor.line, "side": anchor.side.value}
    if anchor.start_line < anchor.line:
        place |= {"start_line": anchor.start_line, "start_side": anchor.side.value}
    return {**place, "body": sealed(comment.body, seal_finding(marker, comment.finding, pull.key))}
