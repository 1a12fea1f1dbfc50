"""What people did with threads is read back, and threads of what was fixed are resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, jsonify, request

from reviewbot.domain.command import Sender
from reviewbot.domain.feedback import Reception
from reviewbot.domain.finding import Severity
from reviewbot.domain.pull_request import PullKey
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.forge import GitHubForge
from reviewbot.github.threads import Threads
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, SandboxPull, generate_app_key
from reviewbot.sandbox.github_access import GRANTED
from reviewbot.sandbox.serving import Loopback
from tests.contracts.github.test_forge import (
    DIFF,
    FINDING,
    MARKER,
    REQUEST,
    Memory,
    forge,
    no_sleep,
    publication,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from reviewbot.domain.posted import PostedFinding

_MARIA, _ALICE = Sender(8, "maria"), Sender(7, "alice")
_GRAPHQL = "/graphql"
_KEY = PullKey(1001, 1)


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(pat_may_check=True) as hub:
        hub.add_pull(SandboxPull(DIFF, base_files={".reviewbot.yml": "enabled: true\n"}))
        hub.add_collaborator("maria", 8, "write")
        hub.add_collaborator("trudy", 9, "read")
        yield hub


def posted(hub: SandboxGitHub, severity: Severity = Severity.HIGH) -> GitHubForge:
    """A forge that posted a finding of this severity."""
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    said = publication(pull)
    [comment] = said.comments
    finding = replace(FINDING, severity=severity)
    github.publish(replace(said, comments=(replace(comment, finding=finding),)))
    return github


def read(github: GitHubForge) -> PostedFinding:
    [found] = github.posted(github.pull_request(REQUEST))
    return found


def reception(github: GitHubForge) -> Reception:
    found = read(github).reception
    assert found is not None
    return found


def first(hub: SandboxGitHub) -> int:
    return int(hub.review_comments[0]["id"])


def asked(hub: SandboxGitHub, path: str = _GRAPHQL) -> int:
    return sum(each[1] == path for each in hub.requests)


# --- reading ---------------------------------------------------------------------------------


def test_thumbs_are_read_back_and_no_bot_s_count(hub: SandboxGitHub) -> None:
    github = posted(hub)
    hub.threads.react(first(hub), "+1", "maria", 8)
    hub.threads.react(first(hub), "-1", "alice", 7)
    hub.threads.react(first(hub), "heart", "trudy", 9)
    hub.threads.react(first(hub), "+1", "dependabot[bot]", 49, "Bot")
    found = reception(github)
    assert (found.liked_by, found.disliked_by) == ((_MARIA,), (_ALICE,))
    assert found.resolved_by is None


def test_a_resolved_thread_says_by_whom_and_one_opened_again_says_nothing(
    hub: SandboxGitHub,
) -> None:
    github = posted(hub)
    hub.threads.resolve(first(hub), "maria", 8)
    assert reception(github).resolved_by == _MARIA
    hub.threads.reopen(first(hub))
    assert reception(github).resolved_by is None


def test_threads_on_outdated_lines_are_followed(hub: SandboxGitHub) -> None:
    github = posted(hub)
    hub.push(1, DIFF.replace(b"re\n", b"csv\n"), "c" * 40)
    hub.threads.resolve(first(hub), "maria", 8)
    found = reception(github)
    assert (found.is_outdated, found.resolved_by) == (True, _MARIA)


@pytest.mark.parametrize(
    ("who", "severity", "writes"),
    [
        (_MARIA, Severity.HIGH, True),
        (_ALICE, Severity.CRITICAL, False),
        (_MARIA, Severity.MEDIUM, True),
    ],
)
def test_whether_a_resolver_may_write_is_asked_once(
    hub: SandboxGitHub, who: Sender, severity: Severity, *, writes: bool
) -> None:
    github = posted(hub, severity)
    hub.threads.resolve(first(hub), who.login, who.id)
    assert reception(github).resolver_writes is writes
    reception(github)
    path = f"/repos/acme/shop/collaborators/{who.login}/permission"
    assert asked(hub, path) == 1


def test_nothing_is_asked_where_nothing_of_ours_stands(hub: SandboxGitHub) -> None:
    github = forge(hub)
    assert list(github.posted(github.pull_request(REQUEST))) == []
    hub.add_review(1, "a review by somebody else")
    posted(hub)
    assert asked(hub) == 0


def test_more_threads_than_fit_one_page_are_all_read(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    said = publication(pull)
    [comment] = said.comments
    many = tuple(
        replace(comment, finding=replace(FINDING, fingerprint=f"f{n:03d}")) for n in range(130)
    )
    github.publish(replace(said, comments=many))
    for each in hub.review_comments:
        hub.threads.react(each["id"], "+1", "maria", 8)
    found = github.posted(pull)
    assert len(found) == 130
    assert all(each.reception and each.reception.liked_by == (_MARIA,) for each in found)
    assert asked(hub) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 501])
def test_without_graphql_nothing_is_known_and_nothing_is_asked_again(
    hub: SandboxGitHub, status: int
) -> None:
    github = posted(hub)
    hub.threads.resolve(first(hub), "maria", 8)
    hub.faults.append(Fault("POST", _GRAPHQL, status))
    assert read(github).reception is None
    assert read(github).reception is None
    assert asked(hub) == 1
    assert read(forge(hub)).reception is not None, "the next run asks anew"


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": "Field 'reviewThreads' doesn't exist on type 'PullRequest'"}]},
        {"data": None},
        {"data": {"repository": None}},
        {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": "none"}}}}},
        {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": [{"id": 7}]}}}}},
        [],
        "GraphQL",
    ],
)
def test_an_answer_of_another_shape_is_no_error(body: object) -> None:
    app = Flask(__name__)
    app.add_url_rule("/graphql", view_func=lambda: jsonify(body), methods=["POST"])
    with Loopback(app) as server:
        threads = Threads(GitHubClient(server.url, StaticToken("t"), sleep=no_sleep))
        assert threads.follow("acme/shop", _KEY, (FINDING,)) == (FINDING,)


def test_a_thread_of_which_little_is_said_is_taken_for_what_it_says() -> None:
    """Servers that stand in for GitHub may show less than was asked for."""
    node: dict[str, Any] = {"id": "T1", "isResolved": True, "comments": {"nodes": [{"id": "N1"}]}}
    page = {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": [node, None]}}}}}
    app = Flask(__name__)
    app.add_url_rule("/graphql", view_func=lambda: jsonify(page), methods=["POST"])
    with Loopback(app) as server:
        threads = Threads(GitHubClient(server.url, StaticToken("t"), sleep=no_sleep))
        [found] = threads.follow("acme/shop", _KEY, (replace(FINDING, node_id="N1"),))
    assert found.reception == Reception()


# --- where GraphQL is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "named", "path"),
    [
        ("", "", "/graphql"),
        ("/api/v3", "", "/api/graphql"),
        ("/api/v3/", "", "/api/graphql"),
        ("/api/v3", "{url}/elsewhere", "/elsewhere"),
        ("/api/v3", "https://api.github.com/graphql", "/api/graphql"),
        ("", "{url}.example.com/graphql", "/graphql"),
    ],
)
def test_graphql_is_beside_rest_and_the_token_goes_nowhere_else(
    api: str, named: str, path: str
) -> None:
    seen: list[str] = []
    app = Flask(__name__)

    def answer(**_parts: str) -> Response:
        seen.append(request.path)
        return jsonify({"data": None})

    app.add_url_rule("/<path:rest>", view_func=answer, methods=["POST"])
    with Loopback(app) as server:
        url = named.format(url=server.url)
        client = GitHubClient(server.url + api, StaticToken("t"), graphql_url=url)
        client.graphql("{ viewer { login } }", {})
    assert seen == [path]


# --- resolving -------------------------------------------------------------------------------


class _Installed:
    """An App of these permissions, whose forge posted a finding."""

    def __init__(self, permissions: dict[str, str]) -> None:
        pem, key = generate_app_key()
        self.hub = SandboxGitHub(app=App(1, key, permissions=permissions))
        self._auth = AppAuth("1", pem)
        self._memory = Memory()

    def __enter__(self) -> Self:
        self.hub.__enter__()
        self.hub.add_pull(SandboxPull(DIFF))
        github = self.forge()
        github.publish(publication(github.pull_request(self.request)))
        return self

    def __exit__(self, *_: object) -> None:
        self.hub.__exit__(None, None, None)

    request = replace(REQUEST, installation_id=1)

    def client(self) -> GitHubClient:
        api = f"{self.hub.url}/api/v3"
        return GitHubClient(api, InstallationTokens(self._auth, api), 1, sleep=no_sleep)

    def forge(self) -> GitHubForge:
        return GitHubForge(self.client(), self._memory, MARKER)

    def publish_fixed(self) -> None:
        github = self.forge()
        pull = github.pull_request(self.request)
        fixed = tuple(github.posted(pull))
        again = replace(publication(pull), review_id="r2", comments=(), body="", fixed=fixed)
        github.publish(again)

    def seen(self) -> PostedFinding:
        github = self.forge()
        [found] = github.posted(github.pull_request(self.request))
        return found

    def mutations(self) -> int:
        """Requests beyond the one that reads."""
        return asked(self.hub) - 1


def test_a_fixed_finding_s_thread_is_resolved_where_the_app_may_write_to_the_code() -> None:
    with _Installed({**GRANTED, "contents": "write"}) as app:
        app.publish_fixed()
        assert app.mutations() == 1
        found = app.seen()
    assert found.is_fixed
    assert found.reception == Reception(), "resolved, and by nobody but ourselves"


def test_without_that_right_the_thread_says_fixed_and_nothing_is_tried() -> None:
    with _Installed(GRANTED) as app:
        app.publish_fixed()
        assert app.mutations() == 0
        assert app.seen().is_fixed


def test_a_refusal_is_no_error_and_is_remembered_in_the_run() -> None:
    with _Installed(GRANTED) as app:
        threads = Threads(app.client())
        thread = f"PRRT_{app.hub.review_comments[0]['id']}"
        threads.resolve([thread])
        threads.resolve([thread])
        threads.resolve([])
        assert asked(app.hub) == 1


def test_several_threads_are_resolved_in_one_request(hub: SandboxGitHub) -> None:
    github = forge(hub)
    pull = github.pull_request(REQUEST)
    said = publication(pull)
    [comment] = said.comments
    twins = tuple(replace(comment, finding=replace(FINDING, fingerprint=f)) for f in "abc")
    github.publish(replace(said, comments=twins))
    fixed = tuple(github.posted(pull))
    before = asked(hub)
    github.publish(replace(publication(pull), review_id="r2", comments=(), body="", fixed=fixed))
    assert asked(hub) == before + 1
    assert [each.is_fixed for each in github.posted(pull)] == [True] * 3


def test_who_reviews_by_a_plain_token_may_resolve(hub: SandboxGitHub) -> None:
    assert reception(posted(hub)).thread == f"PRRT_{first(hub)}"
