"""Writes to GitHub, each once, however often a review is started again.

Intent is recorded before a write. After an end that nobody knows, the publisher looks for its
own seal on all pages before it writes again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound
from reviewbot.github.checks import Checks
from reviewbot.github.errors import Rejected
from reviewbot.github.extras import PullExtras
from reviewbot.github.line_review import LineReview, reviews_of, sealed
from reviewbot.github.once import Once, Write, url_of
from reviewbot.github.posted import fixed_parts, seal_fixed

if TYPE_CHECKING:
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.posting import Postbook
    from reviewbot.domain.pull_request import PullKey, PullRequest
    from reviewbot.github.author import OwnWords
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker
    from reviewbot.github.threads import Threads
    from reviewbot.review.ports import Check, Publication

_MOST_REPLIES = 20  # threads of one review that are told; the next one tells the rest


class Publisher:
    """Review, sticky summary and check run of one pull request."""

    def __init__(
        self,
        client: GitHubClient,
        postbook: Postbook,
        marker: Marker,
        words: OwnWords,
        threads: Threads,
    ) -> None:
        self._client, self._postbook = client, postbook
        self._marker, self._words, self._threads = marker, words, threads
        self._once = Once(postbook, client.sleep)
        self._checks = Checks(client, postbook, marker, self._once)
        self._extras = PullExtras(client, marker)
        self._silent: set[PullKey] = set()  # without a comment, when last seen

    def noticed(self, pull: PullKey, comments: int | None) -> None:
        """Take note of how many comments stand in the conversation; None is unknown."""
        if comments == 0:
            self._silent.add(pull)
        else:
            self._silent.discard(pull)

    def begin(self, pull: PullRequest, says: str) -> None:
        """Show that a review of this head is under way."""
        self._checks.begin(pull, says)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the check run."""
        self._checks.conclude(pull, check)

    def publish(self, publication: Publication) -> str:
        """Review, then summary, then check: who waits for the check finds the rest there."""
        review_url = self._review(publication)
        self._mark_fixed(publication)
        summary_url = self.summarise(publication.pull, publication.summary)
        if publication.extras is not None:
            self._extras.write(publication.pull, publication.extras)
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
        review = LineReview(
            publication.pull,
            publication.comments,
            publication.body,
            publication.fallback,
            self._marker.seal("review", *_review_parts(publication)),
        )
        return review.post(self._client, self._marker, lambda: self._find_review(publication))

    def _find_review(self, publication: Publication) -> JsonObject | None:
        pages = self._client.pages(reviews_of(publication.pull))
        return self._words.find(pages, "review", *_review_parts(publication))

    # --- threads of earlier reviews ----------------------------------------------------------

    def _mark_fixed(self, publication: Publication) -> None:
        """Say in the threads of earlier findings that their code is gone, and resolve them."""
        threads = [each for each in publication.fixed if each.comment_id][:_MOST_REPLIES]
        for finding in threads:
            with suppress(NotFound, Rejected):  # the thread was removed, or is locked
                self._once(self._reply(publication, finding))
        self._threads.resolve([each.reception.thread for each in threads if each.reception])

    def _reply(self, publication: Publication, finding: PostedFinding) -> Write:
        pull, say = publication.pull, publication.check.say
        comments = f"{_pull_path(pull)}/comments"
        parts = fixed_parts(finding, pull.key)
        text = say("✅ Fixed: `{head}` no longer holds this code.", head=pull.head_sha[:10])
        body = {"body": sealed(text, seal_fixed(self._marker, finding, pull.key))}

        def find() -> JsonObject | None:
            pages = self._client.pages(comments)
            return self._words.find(pages, "fixed", *parts)

        return Write(
            key=f"fixed:{pull.key}:{finding.comment_id}",
            post=lambda: self._client.post(f"{comments}/{finding.comment_id}/replies", body),
            find=find,
        )

    # --- the sticky summary ------------------------------------------------------------------

    def summarise(self, pull: PullRequest, text: str) -> str:
        """Change the comment that stands, or post it; returns its address."""
        parts = (pull.key.repository_id, pull.key.number)
        body = {"body": sealed(text, self._marker.seal("summary", *parts))}
        issue = f"/repos/{pull.repository}/issues"
        fresh = False

        def post() -> JsonObject:
            nonlocal fresh
            # The ledger that posted one may be lost; it stands all the same.
            if pull.key not in self._silent:
                with suppress(NotFound, Forbidden):
                    if standing := find():
                        return standing
            fresh = True
            return self._client.post(f"{issue}/{pull.key.number}/comments", body)

        def find() -> JsonObject | None:
            pages = self._client.pages(f"{issue}/{pull.key.number}/comments")
            return self._words.find(pages, "summary", *parts)

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
