"""Comments on pull requests: who may command, what is said, and each answer once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reviewbot.domain.command import Place
from reviewbot.domain.errors import Forbidden, NotFound
from reviewbot.domain.finding import Side
from reviewbot.domain.thread import Said, Thread
from reviewbot.github.author import OwnWords
from reviewbot.github.errors import Rejected
from reviewbot.github.once import Once, Write
from reviewbot.github.permission import may_write
from reviewbot.github.posted import read_posted
from reviewbot.github.suggesting import Suggesting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.command import CommandWish
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.posting import Postbook
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Marker

_LONGEST = 60_000  # characters of an answer, before its mark
_MOST_THREADS = 50  # that one ``resolve`` answers


class Conversation:
    """One installation's view of the comments on pull requests.

    *suggesting* writes what some commands put elsewhere than into their answer.
    """

    def __init__(self, client: GitHubClient, postbook: Postbook, marker: Marker) -> None:
        self._client, self._marker = client, marker
        self._words = OwnWords(client, marker)
        self._once = Once(postbook, client.sleep)
        self.suggesting = Suggesting(client, marker, self._words, self._once)

    # --- reading -----------------------------------------------------------------------------

    def may_command(self, wish: CommandWish) -> bool:
        """Whether the sender has write access now, under the name and the id of the comment."""
        return may_write(self._client, wish.repository, wish.sender.login, wish.sender.id)

    def thread(self, wish: CommandWish) -> Thread | None:
        """The thread that a command was given in; None below the pull request, or if it is gone."""
        if wish.place is not Place.LINE:
            return None
        items = self._comments(wish)
        first = next((item for item in items if item.get("id") == wish.thread), None)
        if first is None:
            return None
        replies = [item for item in items if item.get("in_reply_to_id") == wish.thread]
        before = [item for item in replies if item.get("id", 0) < wish.comment_id]
        line = first.get("line")
        return Thread(
            path=str(first.get("path", "")),
            side=Side.LEFT if first.get("side") == "LEFT" else Side.RIGHT,
            line=line if isinstance(line, int) else None,
            said=tuple(map(_said, (first, *before))),
            finding=next(iter(self._findings(wish, [first])), None),
        )

    def _findings(self, wish: CommandWish, items: Sequence[JsonObject]) -> Sequence[PostedFinding]:
        marked = [(item, mark) for item in items for mark in self._words.marks(item)]
        return read_posted(marked, wish.key)

    def _comments(self, wish: CommandWish) -> list[JsonObject]:
        return list(self._client.pages(f"{_pull(wish)}/comments"))

    # --- writing -----------------------------------------------------------------------------

    def look(self, wish: CommandWish) -> None:
        """Show by a reaction that the command was seen; a second time changes nothing."""
        kind = "issues" if wish.place is Place.BELOW else "pulls"
        path = f"/repos/{wish.repository}/{kind}/comments/{wish.comment_id}/reactions"
        with suppress(NotFound, Forbidden, Rejected):  # the answer comes all the same
            self._client.post(path, {"content": "eyes"})

    def answer(self, wish: CommandWish, text: str) -> None:
        """Answer a command where it was given; once, however often this is called."""
        parts = ("answer", wish.place, wish.comment_id)
        self._write(wish, f"answer:{wish.name}", lambda: text, parts)

    def refuse(self, wish: CommandWish, text: Callable[[], str]) -> None:
        """Say to who may not command that it is so; *text* is asked for once a pull request."""
        parts = ("refusal", wish.key.repository_id, wish.key.number)
        self._write(wish, f"refusal:{wish.key}", text, parts)

    def resolve(self, wish: CommandWish, text: str) -> int:
        """Answer every thread of an open finding; returns how many of them there are."""
        found = self._findings(wish, self._comments(wish))
        threads = [each for each in found if each.comment_id and not each.is_fixed]
        for finding in threads[:_MOST_THREADS]:
            path = f"{_pull(wish)}/comments/{finding.comment_id}/replies"
            parts = ("resolved", wish.place, wish.comment_id, finding.comment_id)
            key = f"resolved:{wish.name}:{finding.comment_id}"
            with suppress(NotFound, Rejected):  # the thread was removed, or is locked
                self._create(wish, key, lambda: text, parts, path)
        return min(len(threads), _MOST_THREADS)

    def _write(
        self,
        wish: CommandWish,
        key: str,
        text: Callable[[], str],
        parts: tuple[str, object, object],
    ) -> None:
        if wish.place is Place.BELOW:
            path = f"/repos/{wish.repository}/issues/{wish.key.number}/comments"
        else:
            path = f"{_pull(wish)}/comments/{wish.thread}/replies"
        self._create(wish, key, text, parts, path)

    def _create(
        self,
        wish: CommandWish,
        key: str,
        text: Callable[[], str],
        parts: tuple[Any, ...],
        path: str,
    ) -> None:
        places = (f"/repos/{wish.repository}/issues/{wish.key.number}", _pull(wish))

        def find() -> JsonObject | None:
            items = (each for place in places for each in self._client.pages(f"{place}/comments"))
            return self._words.find(items, *parts)

        def post() -> JsonObject:
            body = f"{text()[:_LONGEST]}\n\n{self._marker.seal(*parts)}"
            return self._client.post(path, {"body": body})

        self._once(Write(key, post, find))


def _said(item: JsonObject) -> Said:
    user = item.get("user")
    login = user.get("login") if isinstance(user, dict) else None
    return Said(str(login or "ghost"), str(item.get("body") or ""))


def _pull(wish: CommandWish) -> str:
    return f"/repos/{wish.repository}/pulls/{wish.key.number}"
