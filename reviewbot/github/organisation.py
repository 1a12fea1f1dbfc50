"""An organisation's defaults, from the one repository that the server's configuration pins.

The repository is read by its id, so that no other one can take its name: whoever may create
`OWNER/reviewbot-settings` would else rule over every repository of the owner.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound, PolicyError
from reviewbot.github.base_files import POLICIES, RAW, check_plain, policy_text, read_tree
from reviewbot.github.errors import Rejected
from reviewbot.review.ports import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reviewbot.github.base_files import Node
    from reviewbot.github.client import GitHubClient

NAME = "reviewbot-settings"
_FRESH = 60.0  # seconds; what is changed there holds after them
_WHOLE = {"recursive": "1"}  # root and inner folder in one answer


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read, until when it counts, and the name of the content, where git gave one."""

    document: Document | None
    sha: str
    until: float


@dataclass(slots=True)
class OrganisationPolicies:
    """Reads the defaults of owners; *pins* are their settings repositories' ids.

    Safe between threads. Nothing is asked for an owner without a pin.
    """

    pins: Mapping[str, int]  # by login in lower case
    now: Callable[[], float] = time.monotonic
    _kept: dict[int, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, client: GitHubClient, repository: str) -> Document | None:
        """The defaults of a repository's owner, None where there are none.

        Raises PolicyError where a pinned repository cannot be read: no guess decides.
        """
        owner = repository.partition("/")[0]
        pin = self.pins.get(owner.lower())
        if pin is None:
            return None
        with self._lock:
            kept = self._kept.get(pin)
        if kept is None or self.now() >= kept.until:
            kept = self._read(_Settings(client, owner, pin), kept)
            with self._lock:
                self._kept[pin] = kept
        return kept.document

    def _read(self, settings: _Settings, kept: _Kept | None) -> _Kept:
        place, nodes = settings.found()
        until = self.now() + _FRESH
        if nodes is None:
            return _Kept(settings.tried(place), "", until)
        path = next((path for path in POLICIES if path in nodes), None)
        if path is None:
            return _Kept(None, "", until)
        sha = nodes[path].sha
        if kept is not None and kept.sha == sha:
            return _Kept(kept.document, sha, until)
        check_plain(nodes[path], settings.named(path))
        document = settings.fetched(place, path)
        if document is None:
            raise settings.unreadable()
        return _Kept(document, sha, until)


@dataclass(frozen=True, slots=True)
class _Settings:
    """One pinned repository."""

    client: GitHubClient
    owner: str
    pin: int

    def found(self) -> tuple[str, Mapping[str, Node] | None]:
        """Its address in the API, and its files where GitHub lists them."""
        place = f"/repositories/{self.pin}"
        try:
            return place, read_tree(self.client.get(f"{place}/git/trees/HEAD", _WHOLE))
        except (NotFound, Forbidden, Rejected):
            return self._by_name(), None

    def _by_name(self) -> str:
        """Its address by name, where that is still the pinned repository."""
        place = f"/repos/{self.owner}/{NAME}"
        try:
            found = self.client.get(place)
        except (NotFound, Forbidden, Rejected) as error:
            raise self.unreadable() from error
        if not isinstance(found, dict) or found.get("id") != self.pin:
            raise self.unreadable()
        return place

    def tried(self, place: str) -> Document:
        """The first policy that can be fetched; without a listing, none is no proof of none."""
        for path in POLICIES:
            if (document := self.fetched(place, path)) is not None:
                return document
        raise self.unreadable()

    def fetched(self, place: str, path: str) -> Document | None:
        """A policy at its path."""
        try:
            raw = self.client.get_raw(f"{place}/contents/{path}", RAW)
        except (NotFound, Forbidden, Rejected):
            return None
        name = self.named(path)
        return Document(name, policy_text(name, raw))

    def named(self, path: str) -> str:
        """What people call one of its files."""
        return f"{path} of the settings repository of {self.owner} (id {self.pin})"

    def unreadable(self) -> PolicyError:
        """It is pinned, and nobody knows what it says."""
        message = f"the settings repository of {self.owner} (id {self.pin}) cannot be read"
        advice = (
            "Install the App on it, or mend or remove organisations.settings_repository_id in the"
            " server's configuration; `reviewbot doctor` looks at it."
        )
        return PolicyError(message, advice)
