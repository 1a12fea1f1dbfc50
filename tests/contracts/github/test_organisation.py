"""An organisation's defaults: read from the pinned repository alone, and cheaply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ForgeUnavailable, PolicyError
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.organisation import OrganisationPolicies
from reviewbot.sandbox.github import Fault, SandboxGitHub, SandboxPull

if TYPE_CHECKING:
    from collections.abc import Iterator

DIFF = b"""\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,1 +1,2 @@
 import os
+import re
"""
PIN = 2001
NAME = "acme/reviewbot-settings"
POLICY = {".reviewbot.yml": "max_comments: 4\n"}


class Shelf:
    """The defaults as a process keeps them, and a clock that tests turn."""

    def __init__(self, hub: SandboxGitHub) -> None:
        self.hub, self.time, self.seen = hub, 0.0, 0
        self.client = GitHubClient(hub.url, StaticToken(hub.token), sleep=lambda _: None)
        self.policies = OrganisationPolicies({"acme": PIN}, lambda: self.time)

    def text(self, repository: str = "acme/shop") -> str | None:
        document = self.policies.of(self.client, repository)
        return None if document is None else document.text

    def requests(self) -> int:
        """How many requests there were since the last look."""
        before, self.seen = self.seen, len(self.hub.requests)
        return self.seen - before


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with SandboxGitHub() as hub:
        shelf = Shelf(hub)
        yield shelf
        shelf.client.close()


def settle(shelf: Shelf, files: dict[str, str], **changed: str) -> None:
    """A settings repository with these files on its default branch."""
    identity = {"repository": NAME} | changed
    pull = SandboxPull(DIFF, repository_id=PIN, base_files=files, **identity)  # type: ignore[arg-type]
    shelf.hub.add_pull(pull)


def test_two_requests_read_it_and_none_for_the_next_minute(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    assert shelf.text() == "max_comments: 4\n"
    assert shelf.requests() == 2
    assert (shelf.text(), shelf.text("ACME/till")) == ("max_comments: 4\n",) * 2
    assert shelf.requests() == 0


def test_after_a_minute_one_request_says_that_nothing_changed(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    shelf.text()
    shelf.requests()
    shelf.time = 61
    assert (shelf.text(), shelf.requests()) == ("max_comments: 4\n", 1)


def test_what_changed_there_holds_after_a_minute(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    shelf.text()
    shelf.hub.change_pull(1, NAME, base_files={".reviewbot.yml": "max_comments: 5\n"})
    assert shelf.text() == "max_comments: 4\n"
    shelf.time = 61
    assert shelf.text() == "max_comments: 5\n"


def test_the_inner_folder_holds_it_too(shelf: Shelf) -> None:
    settle(shelf, {".github/reviewbot.yml": "max_comments: 6\n", "README.md": "x"})
    assert (shelf.text(), shelf.requests()) == ("max_comments: 6\n", 2)


def test_a_renamed_repository_is_still_the_pinned_one(shelf: Shelf) -> None:
    settle(shelf, POLICY, repository="acme/policies")
    assert shelf.text() == "max_comments: 4\n"


def test_a_repository_that_took_its_name_is_never_read(shelf: Shelf) -> None:
    shelf.hub.add_pull(SandboxPull(DIFF, repository=NAME, repository_id=666, base_files=POLICY))
    with pytest.raises(PolicyError, match=r"acme \(id 2001\) cannot be read"):
        shelf.text()
    assert not [path for _, path, _ in shelf.hub.requests if "contents" in path]


def test_without_a_pin_nothing_is_asked(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    assert shelf.text("mallory/shop") is None
    assert shelf.requests() == 0


def test_a_repository_without_a_policy_says_nothing(shelf: Shelf) -> None:
    settle(shelf, {"README.md": "x"})
    assert (shelf.text(), shelf.requests()) == (None, 1)


def test_a_repository_that_is_gone_is_no_repository_without_a_policy(shelf: Shelf) -> None:
    with pytest.raises(PolicyError) as refused:
        shelf.text()
    assert "doctor" in refused.value.advice


def test_one_that_cannot_be_reached_is_tried_again_later(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    for _ in range(4):  # one more than a GET is sent again
        shelf.hub.faults.append(Fault("GET", r".*/git/trees/.*", status=502))
    with pytest.raises(ForgeUnavailable):
        shelf.text()
    assert shelf.text() == "max_comments: 4\n"


def test_where_ids_lead_nowhere_the_name_counts_if_the_id_is_right(shelf: Shelf) -> None:
    settle(shelf, POLICY)
    shelf.hub.faults.append(Fault("GET", rf".*/repositories/{PIN}/.*", status=404))
    assert shelf.text() == "max_comments: 4\n"


@pytest.mark.parametrize(("text", "mode"), [("elsewhere", "120000"), ("x" * 70_000, "100644")])
def test_what_is_no_small_file_is_an_error(shelf: Shelf, text: str, mode: str) -> None:
    pull = SandboxPull(
        DIFF,
        repository=NAME,
        repository_id=PIN,
        base_files={".reviewbot.yml": text},
        base_modes={".reviewbot.yml": mode},
    )
    shelf.hub.add_pull(pull)
    with pytest.raises(PolicyError, match="settings repository of acme"):
        shelf.text()
