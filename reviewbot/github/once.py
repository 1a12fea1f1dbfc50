"""Creates things on GitHub once, whatever happens in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, ForgeUnavailable, NotFound, RateLimited
from reviewbot.domain.posting import Intent, Knowledge
from reviewbot.github.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.posting import Postbook
    from reviewbot.github.client import JsonObject

_SETTLING = 2.0  # seconds until a write that nobody saw end can be found


@dataclass(frozen=True, slots=True)
class Write:
    """Something to create once: *find* looks whether it stands."""

    key: str
    post: Callable[[], JsonObject]
    find: Callable[[], JsonObject | None]


class Once:
    """Records the intent before a write; after an unknown end it looks before it writes again."""

    def __init__(self, postbook: Postbook, sleep: Callable[[float], None]) -> None:
        self._postbook, self._sleep = postbook, sleep

    def __call__(self, write: Write) -> Intent:
        """Make sure that it stands; raises ForgeError where it does not, or nobody knows."""
        intent = self._postbook.intend(write.key)
        if intent.knowledge is Knowledge.DONE:
            return intent
        found = write.find() if intent.knowledge is Knowledge.UNKNOWN else None
        written = found or self._posted(write)
        done = Intent(Knowledge.DONE, str(written.get("id", "")), url_of(written))
        self._postbook.done(write.key, done.external_id, done.url)
        return done

    def _posted(self, write: Write) -> JsonObject:
        """Post; where nobody knows how that ended, wait, look, and post once more."""
        try:
            return self._answered(write)
        except ForgeUnavailable:
            self._sleep(_SETTLING)
            return write.find() or self._answered(write)

    def _answered(self, write: Write) -> JsonObject:
        """Post, and strike the intent out where GitHub says no: then nothing stands."""
        try:
            return write.post()
        except (Rejected, Forbidden, NotFound, RateLimited):
            self._postbook.forget(write.key)
            raise


def url_of(item: JsonObject) -> str:
    """Where people see it; empty if GitHub does not say."""
    url = item.get("html_url")
    return url if isinstance(url, str) else ""
