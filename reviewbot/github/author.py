"""Tells reviewbot's own words on GitHub from what others write or copy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Mark, Marker


class OwnWords:
    """Believes a mark only if its seal is genuine and the author can be reviewbot.

    An App's author is a bot; a plain token's is whoever GitHub says the token is. Where GitHub
    does not tell (the token of an Actions job), the seal alone decides.
    """

    def __init__(self, client: GitHubClient, marker: Marker) -> None:
        self._client, self._marker = client, marker

    def marks(self, item: JsonObject) -> Iterator[Mark]:
        """The marks that reviewbot set in a comment or review."""
        body = item.get("body")
        for mark in self._marker.open(body) if isinstance(body, str) else ():
            if self._may_be_ours(item):
                yield mark

    def bear(self, item: JsonObject, kind: str, *parts: object) -> bool:
        """Whether *item* is the one that reviewbot marked so."""
        wanted = tuple(map(str, parts))
        return any(mark.kind == kind and mark.parts == wanted for mark in self.marks(item))

    def find(self, items: Iterable[JsonObject], kind: str, *parts: object) -> JsonObject | None:
        """The first of *items* that reviewbot marked so."""
        return next((each for each in items if self.bear(each, kind, *parts)), None)

    def _may_be_ours(self, item: JsonObject) -> bool:
        user = item.get("user")
        if not isinstance(user, dict):
            return False
        if self._client.installation_id:
            return user.get("type") == "Bot"
        return self._login is None or user.get("login") == self._login

    @cached_property
    def _login(self) -> str | None:
        try:
            user = self._client.get("/user")
        except (Forbidden, NotFound):
            return None
        login = user.get("login") if isinstance(user, dict) else None
        return login if isinstance(login, str) else None
