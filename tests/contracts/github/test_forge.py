from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.diff import Anchor
from reviewbot.domain.errors import (
    Forbidden,
    ForgeUnavailable,
    NotFound,
    PolicyError,
    RateLimited,
)
from reviewbot.domain.finding import Category, Severity, Side
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.posting import Intent, Knowledge
from reviewbot.domain.pull_request import PullKey, ReviewRequest
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.forge import GitHubForge
from reviewbot.github.markers import Marker
from reviewbot.review.ports import (
    GUIDANCE_BYTES,
    Annotation,
    Check,
    Comment,
    Conclusion,
    Publication,
)
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, SandboxPull, generate_app_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.pull_request import PullRequest

DIFF = b"""\
diff --git a/src/cart.py b/src/cart.py
index 1111111..2222222 100644
--- a/src/cart.py
+++ b/src/cart.py
@@ -1,3 +1,4 @@
 import os
-import sys
+import json
+import re
 x = 1
"""
REQUEST = ReviewRequest("acme/shop", 1, "opened")
MARKER = Marker(b"secret")
REVIEWS = "/repos/acme/shop/pulls/1/reviews"
FINDING = PostedFinding(
    "f00d",
    "src/cart.py",
    Side.RIGHT,
    Category.CORRECTNESS,
    Severity.HIGH,
    "0123456789abcdef",
    "It breaks.",
)
PLACE = Anchor("src/cart.py", Side.RIGHT, 2, 3)


@dataclass
class Memory:
    """A postbook that outlives a crash."""

    states: dict[str, Intent | None] = field(default_factory=dict)

    def intend(self, key: str) -> Intent:
        if key not in self.states:
            self.states[key] = None
            return Intent(Knowledge.FRESH)
        return self.states[key] or Intent(Knowledge.UNKNOWN)

    def done(self, key: str, external_id: str, url: str) -> None:
        self.states[key] = Intent(Knowledge.DONE, external_id, url)

    def forget(self, key: str) -> None:
        self.states.pop(key, None)


def no_sleep(_: float) -> None:
    pass


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(pat_may_check=True) as hub:
        hub.add_pull(SandboxPull(DIFF, base_files={".reviewbot.yml": "enabled: true\n"}))
        yield hub


def forge(hub: SandboxGitHub, memory: Memory | None = None, token: str = "") -> GitHubForge:
    client = GitHubClient(hub.url, StaticToken(token or hub.token), sleep=no_sleep)
    return GitHubForge(client, memory or Memory(), MARKER)


def publication(pull: PullRequest, place: Anchor = PLACE, annotations: int = 1) -> Publication:
    lines = (Annotation("src/cart.py", 2, 3, Severity.HIGH, "Broken", "It breaks."),) * annotations
    return Publication(
        pull=pull,
        review_id="r1",
        body="one finding",
        comments=(Comment(place, "**It breaks.**", FINDING),),
        fallback="- It breaks.",
        summary="### one finding",
        check=Check(Conclusion.FAILURE, "one finding", "It breaks.", lines),
    )


def test_a_pull_request_is_read_with_all_that_policies_ask_for(hub: SandboxGitHub) -> None:
    hub.add_pull(
        SandboxPull(
            DIFF,
            number=2,
            author_type="Bot",
            author_association="NONE",
            draft=True,
            labels=("urgent",),
        )
    )
    pull = forge(hub).pull_request(ReviewRequest("acme/shop", 2, "opened"))
    assert (pull.key, pull.head_sha, pull.base_sha) == (PullKey(1001, 2), "a" * 40, "b" * 40)
    assert pull.author.is_bot
    assert pull.author.outside
    assert pull.is_draft
    assert pull.labels == ("urgent",)


def test_a_pull_request_that_is_not_there_is_named(hub: SandboxGitHub) -> None:
    with pytest.raises(NotFound, match="acme/shop#9") as caught:
        forge(hub).pull_request(ReviewRequest("acme/shop", 9, "opened"))
    assert "number" in caught.value.advice
    assert hub.token not in str(caught.value) + caught.value.advice


def test_a_wrong_token_is_forbidden_and_never_shown(hub: SandboxGitHub) -> None:
    with pytest.raises(Forbidden) as caught:
        forge(hub, token="ghp_wrong").pull_request(REQUEST)
    assert "ghp_wrong" not in repr(caught.value)


def test_policies_and_guidance_come_from_the_base_branches(hub: SandboxGitHub) -> None:
    hub.add_pull(
        SandboxPull(
            DIFF,
            number=3,
            repository="acme/bar",
            repository_id=1002,
            base_branch="release",
            base_files={
                ".github/reviewbot.yml": "enabled: true\n",
                ".github/copilot-instructions.md": "Be kind.",
                "AGENTS.md": "Be brief.",
            },
            default_files={".reviewbot.yml": "max_comments: 3\n"},
            head_files={".reviewbot.yml": "enabled: false\n"},
        )
    )
    github = forge(hub)
    files = github.base_files(github.pull_request(ReviewRequest("acme/bar", 3, "opened")))
    assert files.narrowing is not None
    assert files.narrowing.path == ".github/reviewbot.yml"
    assert files.ruling is not None
    assert files.ruling.text == "max_comments: 3\n"
    assert [each.text for each in files.guidance] == ["Be brief.", "Be kind."]


def test_policy_and_guidance_are_found_where_trees_cannot_be_listed(hub: SandboxGitHub) -> None:
    hub.add_pull(
        SandboxPull(
            DIFF,
            number=3,
            repository="acme/bar",
            repository_id=1002,
            base_files={
                ".github/reviewbot.yml": "max_comments: 3\n",
                "AGENTS.md": "Be brief.",
                "CLAUDE.md": "Be kind.",
            },
        )
    )
    hub.faults.append(Fault("GET", r".*/git/trees/.*", status=404))
    github = forge(hub)
    files = github.base_files(github.pull_request(ReviewRequest("acme/bar", 3, "opened")))
    assert files.ruling is not None
    assert files.ruling.text == "max_comments: 3\n"
    assert [each.text for each in files.guidance] == ["Be brief.", "Be kind."]


@pytest.mark.parametrize(
    ("content", "mode"),
    [("elsewhere", "120000"), ("x" * 70_000, "100644"), (b"\xff\xfe", "100644")],
)
def test_a_policy_that_is_no_small_text_file_is_an_error(
    hub: SandboxGitHub, content: str | bytes, mode: str
) -> None:
    files = {".reviewbot.yml": content}
    modes = {".reviewbot.yml": mode}
    bar = ("acme/bar", 1002)
    hub.add_pull(SandboxPull(DIFF, 1, *bar, base_files=files, base_modes=modes))
    github = forge(hub)
    pull = github.pull_request(ReviewRequest("acme/bar", 1, "opened"))
    with pytest.raises(PolicyError):
        github.base_files(pull)


def test_a_diff_too_large_for_one_answer_is_read_file_by_file(hub: SandboxGitHub) -> None:
    hub.add_pull(SandboxPull(DIFF, number=4, diff_too_large=True))
    github = forge(hub)
    whole = github.diff(github.pull_request(REQUEST))
    by_file = github.diff(github.pull_request(ReviewRequest("acme/shop", 4, "opened")))
    assert by_file == whole


def test_a_review_of_a_small_pull_request_takes_nine_requests(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    github.base_files(pull)
    github.begin(pull, "Forecast: p50 $0.01")
    github.diff(pull)
    github.posted(pull)
    github.pull_request(REQUEST)
    url = github.publish(publication(pull))
    assert len(hub.requests) == 9
    assert url == hub.reviews[0]["html_url"]
    [comment] = hub.review_comments
    assert (comment["start_line"], comment["line"]) == (2, 3)
    [run] = hub.check_runs
    assert (run["status"], run["conclusion"]) == ("completed", "failure")
    assert [each.fingerprint for each in github.posted(pull)] == ["f00d"]


def test_earlier_comments_are_listed_only_where_there_are_any(hub: SandboxGitHub) -> None:
    comments = "/repos/acme/shop/pulls/1/comments"
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    assert not github.posted(pull)
    assert comments not in [path for _, path, _ in hub.requests]
    github.publish(publication(pull))
    again = forge(hub)
    assert [each.fingerprint for each in again.posted(again.pull_request(REQUEST))] == ["f00d"]


def guided(hub: SandboxGitHub, files: dict[str, str]) -> tuple[list[str], int]:
    """The guidance's paths under these base files, and how many requests it took to read all."""
    hub.add_pull(SandboxPull(DIFF, 7, "acme/baz", 1003, base_files=files))
    github = forge(hub)
    pull = github.pull_request(ReviewRequest("acme/baz", 7, "opened"))
    before = len(hub.requests)
    found = [each.path for each in github.base_files(pull).guidance]
    return found, len(hub.requests) - before


def test_guidance_beyond_what_is_shown_is_not_fetched(hub: SandboxGitHub) -> None:
    files = {
        "AGENTS.md": "a" * GUIDANCE_BYTES,
        "CLAUDE.md": "b",
        ".github/copilot-instructions.md": "c",
    }
    assert guided(hub, files) == (["AGENTS.md"], 3)


def test_the_same_guidance_under_two_names_is_fetched_once(hub: SandboxGitHub) -> None:
    assert guided(hub, {"AGENTS.md": "same", "CLAUDE.md": "same"}) == (["AGENTS.md"], 2)


def test_what_a_base_commit_says_is_read_once(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    said = github.base_files(pull)
    before = len(hub.requests)

    assert github.base_files(github.pull_request(REQUEST)) == said
    assert len(hub.requests) == before + 1

    github.base_files(replace(pull, base_sha="c" * 40))
    assert len(hub.requests) > before + 1


def test_policy_and_short_guidance_take_four_requests(hub: SandboxGitHub) -> None:
    files = {
        ".reviewbot.yml": "enabled: true\n",
        "AGENTS.md": "a",
        ".github/copilot-instructions.md": "c",
    }
    assert guided(hub, files) == (["AGENTS.md", ".github/copilot-instructions.md"], 4)


def test_a_folder_without_guidance_costs_one_request(hub: SandboxGitHub) -> None:
    assert guided(hub, {".reviewbot.yml": "", ".github/workflows/ci.yml": "x"}) == ([], 3)


def test_publishing_again_writes_nothing_twice(hub: SandboxGitHub) -> None:
    memory = Memory()
    pull = forge(hub).pull_request(REQUEST)
    first = forge(hub, memory).publish(publication(pull))
    assert forge(hub, memory).publish(publication(pull)) == first
    assert (len(hub.reviews), len(hub.issue_comments), len(hub.check_runs)) == (1, 1, 1)
    assert len(hub.check_runs[0]["output"]["annotations"]) == 1


@pytest.mark.parametrize("path", [REVIEWS, ".*/issues/1/comments", ".*/check-runs"])
def test_a_write_whose_answer_is_lost_is_found_again(hub: SandboxGitHub, path: str) -> None:
    hub.faults.append(Fault("POST", path, drop=True, after_write=True))
    github = forge(hub)
    github.publish(publication(github.pull_request(REQUEST)))
    assert (len(hub.reviews), len(hub.issue_comments), len(hub.check_runs)) == (1, 1, 1)


@pytest.mark.parametrize("after_write", [True, False])
def test_a_crash_between_intent_and_answer_leads_to_one_review(
    hub: SandboxGitHub, *, after_write: bool
) -> None:
    memory = Memory()
    pull = forge(hub).pull_request(REQUEST)
    lost = Fault("POST", REVIEWS, drop=True, after_write=after_write)
    silent = Fault("GET", REVIEWS, status=500)
    hub.faults.append(lost, silent)
    with pytest.raises(ForgeUnavailable):
        forge(hub, memory).publish(publication(pull))
    forge(hub, memory).publish(publication(pull))
    assert len(hub.reviews) == 1


def test_a_forged_mark_does_not_stop_a_review(hub: SandboxGitHub) -> None:
    memory = Memory()
    pull = forge(hub).pull_request(REQUEST)
    copied = MARKER.seal("review", "r1", 1001, 1, "a" * 40)
    hub.add_review(1, f"mine {copied}")
    memory.intend("review:r1")
    forge(hub, memory).publish(publication(pull))
    assert [each["user"]["login"] for each in hub.reviews] == ["mallory", "token-owner"]


def test_what_github_refuses_on_lines_is_said_in_the_review(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    github.publish(publication(pull, Anchor("src/cart.py", Side.RIGHT, 99, 99)))
    [review] = hub.reviews
    assert "- It breaks." in review["body"]
    assert not hub.review_comments


def test_a_summary_that_somebody_removed_is_posted_anew(hub: SandboxGitHub) -> None:
    memory = Memory()
    github = forge(hub, memory)
    pull = github.pull_request(REQUEST)
    memory.done("summary:1001/1", "999999", "gone")
    github.publish(publication(pull))
    assert len(hub.issue_comments) == 1


def test_many_annotations_are_sent_in_batches(hub: SandboxGitHub) -> None:
    github = forge(hub)
    github.publish(publication(github.pull_request(REQUEST), annotations=120))
    [run] = hub.check_runs
    assert len(run["output"]["annotations"]) == 120
    assert run["conclusion"] == "failure"


def test_a_new_round_on_the_same_head_begins_a_new_check_run(hub: SandboxGitHub) -> None:
    memory = Memory()
    pull = forge(hub).pull_request(REQUEST)
    forge(hub, memory).publish(publication(pull))
    forge(hub, memory).begin(pull, "Forecast: p50 $0.01")
    forge(hub, memory).begin(pull, "Forecast: p50 $0.01")
    assert [run["status"] for run in hub.check_runs] == ["completed", "in_progress"]


def test_a_token_without_the_right_to_checks_reviews_all_the_same() -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(SandboxPull(DIFF))
        github = forge(hub)
        pull = github.pull_request(REQUEST)
        github.begin(pull, "Forecast: p50 $0.01")
        github.publish(publication(pull))
        assert len(hub.reviews) == 1
        assert not hub.check_runs


def test_a_rate_limit_says_how_long_to_wait(hub: SandboxGitHub) -> None:
    headers = {"Retry-After": "17"}
    hub.faults.append(Fault("GET", ".*/pulls/1", status=403, headers=headers))
    with pytest.raises(RateLimited) as caught:
        forge(hub).pull_request(REQUEST)
    assert caught.value.seconds == 17


def test_an_app_reviews_below_an_enterprise_servers_path() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as hub:
        hub.add_pull(SandboxPull(DIFF))
        api = f"{hub.url}/api/v3/"
        client = GitHubClient(api, InstallationTokens(AppAuth("12", pem), api), 1, sleep=no_sleep)
        github = GitHubForge(client, Memory(), MARKER)
        pull = github.pull_request(REQUEST)
        github.publish(publication(pull))
        hub.add_review(1, MARKER.seal("finding", "beef", 1001, 1))
        assert [each.fingerprint for each in github.posted(pull)] == ["f00d"]
        assert len(hub.check_runs) == 1
        assert sum("access_tokens" in path for _, path, _ in hub.requests) == 1


def test_what_was_posted_is_read_back_whole(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    github.publish(publication(pull))
    [posted] = github.posted(pull)
    comment_id = str(hub.review_comments[0]["id"])
    assert replace(posted, node_id="", reception=None) == replace(FINDING, comment_id=comment_id)


def test_a_fixed_finding_is_named_once_in_its_thread(hub: SandboxGitHub) -> None:
    memory = Memory()
    github = forge(hub, memory)
    pull = github.pull_request(REQUEST)
    github.publish(publication(pull))
    [posted] = github.posted(pull)
    again = replace(publication(pull), review_id="r2", comments=(), body="", fixed=(posted,))
    github.publish(again)
    forge(hub, memory).publish(again)
    reply = hub.review_comments[-1]
    assert (len(hub.review_comments), reply["in_reply_to_id"]) == (2, int(posted.comment_id))
    assert "Fixed" in reply["body"]
    assert [each.is_fixed for each in github.posted(pull)] == [True]


def test_a_thread_that_was_removed_stops_no_review(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    gone = replace(FINDING, comment_id="404404")
    github.publish(replace(publication(pull), fixed=(gone,)))
    assert len(hub.issue_comments) == 1
