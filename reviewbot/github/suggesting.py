"""What commands write besides their answers: a review of suggestions, blocks in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound
from reviewbot.github.description import WALKTHROUGH, WORDS
from reviewbot.github.errors import Rejected
from reviewbot.github.extras import PullExtras
from reviewbot.github.once import Write, url_of
from reviewbot.github.publisher import on_line, sealed

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
        path = _reviews(wish)
        seal = self._marker.seal(_KIND, wish.place, wish.comment_id)
        common = {"commit_id": pull.head_sha, "event": "COMMENT"}
        lines = [on_line(comment, pull, self._marker) for comment in comments]

        def post() -> JsonObject:
            whole = {**common, "body": sealed(body, seal)}
            try:
                return self._client.post(path, {**whole, "comments": lines})
            except Rejected:
                # Orphans of refused reviews have been seen, so look first.
                told = {**common, "body": sealed(fallback, seal)}
                return self._find(wish) or self._client.post(path, told)

        write = Write(f"suggest:{wish.name}", post, lambda: self._find(wish))
        return self._once(write).url

    def suggested(self, wish: CommandWish) -> str:
        """The address of what a command suggested before somebody was killed, or empty."""
        found = self._find(wish)
        return url_of(found) if found else ""

    def _find(self, wish: CommandWish) -> JsonObject | None:
        parts = (wish.place, wish.comment_id)
        pages = self._client.pages(_reviews(wish))
        return next((each for each in pages if self._words.bear(each, _KIND, *parts)), None)

    def describe(self, pull: PullRequest, words: str, walkthrough: str) -> bool:
        """Put both into the pull request's body; whether they stand there."""
        said = ((WORDS, words), (WALKTHROUGH, walkthrough))
        blocks = [self._extras.block(pull, part, text) for part, text in said if text]
        try:
            return self._extras.describe(pull, blocks)
        except (Forbidden, NotFound, Rejected):
            return False


def _reviews(wish: CommandWish) -> str:
    return f"/repos/{wish.repository}/pulls/{wish.key.number}/reviews"
