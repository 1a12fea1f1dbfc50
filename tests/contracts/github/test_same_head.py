"""A commit that stands in several pull requests shows one conclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.forge import GitHubForge
from reviewbot.github.markers import Marker
from reviewbot.ledger.postings import Postings
from reviewbot.ledger.verdicts import Verdicts
from reviewbot.review.notices import superseded
from reviewbot.review.ports import Check, Conclusion, Publication
from reviewbot.review.words import ENGLISH
from reviewbot.runtime.same_head import SameHeadForge
from reviewbot.sandbox.github import SandboxGitHub, SandboxPull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.ledger.database import Database

DIFF = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
RED = Check(Conclusion.FAILURE, "1 high", "Read it.")
GREEN = Check(Conclusion.SUCCESS, "no findings", "All was read.")


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(pat_may_check=True) as hub:
        hub.add_pull(SandboxPull(DIFF, number=1))
        hub.add_pull(SandboxPull(DIFF, number=2, base_branch="harmless"))
        yield hub


def open_forge(hub: SandboxGitHub, database: Database) -> SameHeadForge:
    client = GitHubClient(hub.url, StaticToken(hub.token))
    forge = GitHubForge(client, Postings(database), Marker(b"secret"))
    return SameHeadForge(forge, Verdicts(database))


def conclude(forge: SameHeadForge, number: int, check: Check) -> None:
    pull = forge.pull_request(ReviewRequest("acme/shop", number, "opened"))
    forge.begin(pull, "under way")
    forge.publish(Publication(pull, f"r{number}", "", (), "", "### summary", check))


def conclusions(hub: SandboxGitHub) -> list[str]:
    return [run["conclusion"] for run in hub.check_runs]


def test_a_harmless_pull_request_does_not_turn_a_failing_commit_green(
    hub: SandboxGitHub, database: Database
) -> None:
    forge = open_forge(hub, database)
    conclude(forge, 1, RED)
    conclude(forge, 2, GREEN)
    assert conclusions(hub) == ["failure", "failure"]


def test_a_failure_that_comes_later_is_shown_on_both(
    hub: SandboxGitHub, database: Database
) -> None:
    forge = open_forge(hub, database)
    conclude(forge, 2, GREEN)
    assert conclusions(hub) == ["success"]
    conclude(forge, 1, RED)
    assert conclusions(hub) == ["failure", "failure"]


def test_a_review_under_way_holds_the_commit_up_until_it_is_done(
    hub: SandboxGitHub, database: Database
) -> None:
    forge = open_forge(hub, database)
    first = forge.pull_request(ReviewRequest("acme/shop", 1, "opened"))
    forge.begin(first, "under way")
    conclude(forge, 2, GREEN)
    assert hub.check_runs[1]["conclusion"] == "action_required"
    forge.conclude(first, GREEN)
    assert conclusions(hub) == ["success", "success"]


def test_a_closed_pull_request_counts_no_more(hub: SandboxGitHub, database: Database) -> None:
    forge = open_forge(hub, database)
    conclude(forge, 1, RED)
    hub.close_pull(1)
    conclude(forge, 2, GREEN)
    assert conclusions(hub) == ["failure", "success"]


def test_a_pull_request_that_moved_on_counts_no_more(
    hub: SandboxGitHub, database: Database
) -> None:
    forge = open_forge(hub, database)
    conclude(forge, 1, RED)
    hub.push(1, DIFF, "c" * 40)
    conclude(forge, 2, GREEN)
    assert conclusions(hub) == ["failure", "success"]


def test_a_pull_request_that_leaves_a_commit_takes_no_other_check_with_it(
    hub: SandboxGitHub, database: Database
) -> None:
    forge = open_forge(hub, database)
    conclude(forge, 2, GREEN)
    first = forge.pull_request(ReviewRequest("acme/shop", 1, "opened"))
    forge.begin(first, "under way")
    hub.push(1, DIFF, "c" * 40)
    forge.conclude(first, superseded(ENGLISH))
    assert conclusions(hub) == ["success", "cancelled"]
