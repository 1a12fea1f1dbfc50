"""Writes to GitHub, each once, however often a review is started again.

Intent is recorded before a write. After an end that nobody knows, the publisher looks for its
own seal on all pages before it writes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import NotFound
from reviewbot.github.checks import Checks
from reviewbot.github.errors import Rejected
from reviewbot.github.once import Once, Write, url_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.github.author import OwnWords
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker
    from reviewbot.review.ports import Check, Comment, Postbook, Publication

_LONGEST_BODY = 65_000  # characters, marks included; GitHub's limit is 65,536


class Publisher:
    """Review, sticky summary and check run of one pull request."""

    def __init__(
        self, client: GitHubClient, postbook: Postbook, marker: Marker, words: OwnWords
    ) -> None:
        self._client, self._postbook = client, postbook
        self._marker, self._words = marker, words
        self._once = Once(postbook, client.sleep)
        self._checks = Checks(client, postbook, marker, self._once)

    def begin(self, pull: PullRequest) -> None:
        """Show that a review of this head is under way."""
        self._checks.begin(pull)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the check run."""
        self._checks.conclude(pull, check)

    def publish(self, publication: Publication) -> str:
        """Review, then summary, then check: who waits for the check finds the rest there."""
        review_url = self._review(publication)
        summary_url = self._summary(publication)
        self._checks.conclude(publication.pull, publication.check)
        return review_url or summary_url

    # --- the review --------------------------------------------------------------------------

    def _review(self, publication: Publication) -> str:
        if not (publication.comments or publication.body):
            return ""
        write = Write(
            key=f"review:{publication.review_id}",
            post=lambda: self._post_review(publication),
            find=lambda: self._find_review(publication),
        )
        return self._once(write).url

    def _post_review(self, publication: Publication) -> JsonObject:
        """With comments on lines; all in one text where GitHub refuses them."""
        pull = publication.pull
        path = f"{_pull_path(pull)}/reviews"
        seal = self._marker.seal("review", *_review_parts(publication))
        common = {"commit_id": pull.head_sha, "event": "COMMENT"}
        comments = [self._comment(pull, comment) for comment in publication.comments]
        whole = {**common, "body": _sealed(publication.body, seal)}
        if not comments:
            return self._client.post(path, whole)
        try:
            return self._client.post(path, {**whole, "comments": comments})
        except Rejected:
            # Orphans of refused reviews have been seen, so look first.
            body = _sealed(publication.fallback, seal)
            found = self._find_review(publication)
            return found or self._client.post(path, {**common, "body": body})

    def _comment(self, pull: PullRequest, comment: Comment) -> Mapping[str, Any]:
        anchor, key = comment.anchor, pull.key
        seal = self._marker.seal("finding", comment.fingerprint, key.repository_id, key.number)
        place: dict[str, Any] = {
            "path": anchor.path,
            "line": anchor.line,
            "side": anchor.side.value,
        }
        if anchor.start_line < anchor.line:
            place |= {"start_line": anchor.start_line, "start_side": anchor.side.value}
        return {**place, "body": _sealed(comment.body, seal)}

    def _find_review(self, publication: Publication) -> JsonObject | None:
        parts = _review_parts(publication)
        pages = self._client.pages(f"{_pull_path(publication.pull)}/reviews")
        return next((each for each in pages if self._words.bear(each, "review", *parts)), None)

    # --- the sticky summary ------------------------------------------------------------------

    def _summary(self, publication: Publication) -> str:
        """Change the comment that stands, or post it."""
        pull = publication.pull
        parts = (pull.key.repository_id, pull.key.number)
        body = {"body": _sealed(publication.summary, self._marker.seal("summary", *parts))}
        issue = f"/repos/{pull.repository}/issues"
        fresh = False

        def post() -> JsonObject:
            nonlocal fresh
            fresh = True
            return self._client.post(f"{issue}/{pull.key.number}/comments", body)

        def find() -> JsonObject | None:
            pages = self._client.pages(f"{issue}/{pull.key.number}/comments")
            return next((each for each in pages if self._words.bear(each, "summary", *parts)), None)

        write = Write(summary_key(pull.key), post, find)
        intent = self._once(write)
        if fresh:
            return intent.url
        try:
            return url_of(self._client.patch(f"{issue}/comments/{intent.external_id}", body))
        except NotFound:
            # Somebody removed it.
            self._postbook.forget(write.key)
            return self._once(write).url


def summary_key(pull: PullKey) -> str:
    """The intent under which a pull request's sticky summary is kept."""
    return f"summary:{pull}"


def _pull_path(pull: PullRequest) -> str:
    return f"/repos/{pull.repository}/pulls/{pull.key.number}"


def _review_parts(publication: Publication) -> tuple[object, ...]:
    pull = publication.pull
    return publication.review_id, pull.key.repository_id, pull.key.number, pull.head_sha


def _sealed(body: str, seal: str) -> str:
    return f"{body[: _LONGEST_BODY - len(seal)]}\n\n{seal}"
