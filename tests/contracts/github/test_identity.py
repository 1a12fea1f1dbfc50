from __future__ import annotations

import pytest

from reviewbot.domain.errors import Forbidden
from reviewbot.github.auth import AppAuth, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.identity import identify_app, identify_token
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, generate_app_key


def test_an_app_with_all_rights_is_named() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as hub:
        assert "'reviewbot'" in identify_app(GitHubClient(hub.url, AppAuth("12", pem)))


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
