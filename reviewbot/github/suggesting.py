"""What commands write besides their answers: a review of suggestions, blocks in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound
from reviewbot.github.description import WALKTHROUGH, WORDS
from reviewbot.github.errors import Rejected
from reviewbot.github.extras import PullExtras
from reviewbot.github.line_review import LineReview
from reviewbot.github.once import Write, url_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.command import CommandWish
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.author import OwnWords
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker
    from reviewbot.github.once import Once
    from reviewbot.review.ports import Comment

_KIND = "suggestions"


class Suggesting:
    """Each once a command, however often that is carried out."""

    def __init__(self, client: GitHubClient, marker: Marker, words: OwnWords, once: Once) -> None:
        self._client, self._marker = client, marker
        self._words, self._once = words, once
        self._extras = PullExtras(client, marker)

    def suggest(
        self,
        wish: CommandWish,
        pull: PullRequest,
        comments: Sequence[Comment],
        body: str,
        fallback: str,
    ) -> str:
        """Post one review with *comments*, or *fallback* where GitHub refuses them; its address."""
        seal = self._marker.seal(_KIND, wish.place, wish.comment_id)
        review = LineReview(pull, comments, body, fallback, seal)

        def find() -> JsonObject | None:
            return self._find(wish)

        def post() -> JsonObject:
            return review.post(self._client, self._marker, find)

        return self._once(Write(f"suggest:{wish.name}", post, find)).url

    def suggested(self, wish: CommandWish) -> str:
        """The address of what a command suggested before somebody was killed, or empty."""
        found = self._find(wish)
        return url_of(found) if found else ""

    def _find(self, wish: CommandWish) -> JsonObject | None:
        pages = self._client.pages(f"/repos/{wish.repository}/pulls/{wish.key.number}/reviews")
        return self._words.find(pages, _KIND, wish.place, wish.comment_id)

    def describe(self, pull: PullRequest, words: str, walkthrough: str) -> bool:
        """Put both into the pull request's body; whether they stand there."""
        said = ((WORDS, words), (WALKTHROUGH, walkthrough))
        blocks = [self._extras.block(pull, part, text) for part, text in said if text]
        try:
            return self._extras.describe(pull, blocks)
        except (Forbidden, NotFound, Rejected):
            return False
