from __future__ import annotations

import pytest

from reviewbot.domain.errors import Forbidden
from reviewbot.github.auth import AppAuth, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.identity import Lacking, identify_app, identify_token, lacking
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, generate_app_key


def test_an_app_with_all_rights_is_named() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as hub:
        assert "'reviewbot'" in identify_app(GitHubClient(hub.url, AppAuth("12", pem)))


def test_what_an_app_lacks_is_told_by_how_much_it_matters() -> None:
    pem, public = generate_app_key()
    granted = {"checks": "read", "contents": "read", "pull_requests": "write", "issues": "read"}
    app = App(12, public, permissions=granted, events=("pull_request", "issue_comment"))
    with SandboxGitHub(app=app) as hub:
        found = lacking(GitHubClient(hub.url, AppAuth("12", pem)))
    assert found == Lacking(
        necessary=("checks: write",),
        further=(
            *("merge_queues: read", "metadata: read"),
            *("the event merge_group", "the event pull_request_review_comment"),
        ),
    )
    with SandboxGitHub(app=App(12, public)) as hub:
        assert lacking(GitHubClient(hub.url, AppAuth("12", pem))) == Lacking((), ())


def test_a_key_of_another_app_is_refused() -> None:
    pem, _ = generate_app_key()
    _, other = generate_app_key()
    with SandboxGitHub(app=App(12, other)) as hub, pytest.raises(Forbidden):
        identify_app(GitHubClient(hub.url, AppAuth("12", pem)))


def test_a_token_s_owner_is_named_and_a_wrong_token_refused() -> None:
    with SandboxGitHub() as hub:
        assert "token-owner" in identify_token(GitHubClient(hub.url, StaticToken(hub.token)))
        with pytest.raises(Forbidden):
            identify_token(GitHubClient(hub.url, StaticToken("wrong")))


def test_a_token_that_is_nobody_s_is_accepted_all_the_same() -> None:
    with SandboxGitHub() as hub:
        hub.faults.append(Fault("GET", "/user", status=403, message="Resource not accessible"))
        said = identify_token(GitHubClient(hub.url, StaticToken(hub.token)))
    assert "accepted" in said
