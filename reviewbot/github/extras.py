"""Sets labels and describes the body: niceties, whose failure is no failure of the review."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from reviewbot.domain.errors import Forbidden, ForgeError, NotFound
from reviewbot.github.description import WALKTHROUGH, block, with_blocks
from reviewbot.github.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.extras import Extras, Label
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient
    from reviewbot.github.description import Block
    from reviewbot.github.markers import Marker

_log = logging.getLogger(__name__)


class PullExtras:
    """Labels and body of pull requests."""

    def __init__(self, client: GitHubClient, marker: Marker) -> None:
        self._client, self._marker = client, marker

    def write(self, pull: PullRequest, extras: Extras) -> None:
        """Set what differs from what stands; what GitHub does not allow is left out."""
        try:
            self._label(pull, extras)
        except ForgeError as error:
            _tell_once(pull.repository, "labels", str(error))
        try:
            if extras.description:
                self.describe(pull, [self.block(pull, WALKTHROUGH, extras.description)])
        except ForgeError as error:
            _tell_once(pull.repository, "description", str(error))

    # --- the body ----------------------------------------------------------------------------

    def block(self, pull: PullRequest, part: str, text: str) -> Block:
        """A part of the body that is ours."""
        return block(self._marker, pull.key, part, text)

    def describe(self, pull: PullRequest, blocks: Sequence[Block]) -> bool:
        """Put blocks into the body as it is now; nothing is written where nothing changes.

        Whether they stand there then: a body can be too long for more.
        """
        path = f"/repos/{pull.repository}/pulls/{pull.key.number}"
        found = self._client.get(path)
        body = str((found.get("body") if isinstance(found, dict) else None) or "")
        changed = with_blocks(body, blocks)
        if changed != body:
            self._client.patch(path, {"body": changed})
        return all(each.opening in changed for each in blocks)

    # --- labels ------------------------------------------------------------------------------

    def _label(self, pull: PullRequest, extras: Extras) -> None:
        """Names of labels know no case; those of people are never touched."""
        there = {name.casefold(): name for name in pull.labels}
        wanted = {label.name.casefold(): label for label in extras.labels}
        own = {name.casefold() for name in extras.own_labels}
        issue = f"/repos/{pull.repository}/issues/{pull.key.number}/labels"
        for name in (there.keys() & own) - wanted.keys():
            with suppress(NotFound):  # somebody was faster
                self._client.act("DELETE", f"{issue}/{quote(there[name], safe='')}")
        for name in wanted.keys() - there.keys():
            self._create(pull, wanted[name])
            self._client.act("POST", issue, {"labels": [wanted[name].name]})

    def _create(self, pull: PullRequest, label: Label) -> None:
        """Let the repository have it; a label may be there though we may not create any."""
        body = {"name": label.name, "color": label.color, "description": label.description}
        with suppress(Rejected, Forbidden, NotFound):
            self._client.post(f"/repos/{pull.repository}/labels", body)


@lru_cache(maxsize=1_000)
def _tell_once(repository: str, what: str, why: str) -> None:
    """Once a process: it would be the same at every review."""
    _log.warning("%s of %s: nothing was changed: %s", what, repository, why)
