from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewbot.domain.errors import Forbidden, ForgeError, SettingsError
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, SandboxPull, generate_app_key
from tests.fakes.clock import TurnableClock


def minted(hub: SandboxGitHub) -> int:
    return sum("access_tokens" in path for _, path, _ in hub.requests)


def test_many_threads_mint_one_token_which_is_replaced_before_it_ends() -> None:
    pem, public = generate_app_key()
    time = TurnableClock()
    clock = time.clock().seconds
    with SandboxGitHub(app=App(12, public), clock=clock) as hub:
        tokens = InstallationTokens(AppAuth("12", pem, clock), hub.url, now=clock)
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(tokens.token, [1] * 16))) == 1
        assert minted(hub) == 1
        time.turn(54 * 60)
        tokens.token(1)
        assert minted(hub) == 1
        time.turn(2 * 60)
        tokens.token(1)
        assert minted(hub) == 2


def test_a_token_that_was_revoked_is_replaced() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as hub:
        client = GitHubClient(hub.url, InstallationTokens(AppAuth("12", pem), hub.url), 1)
        hub.faults.append(Fault("GET", "/repos/acme/shop", status=401, message="Bad credentials"))
        with pytest.raises(Forbidden):
            client.get("/repos/acme/shop")
        hub.add_pull(SandboxPull(b""))
        client.get("/repos/acme/shop")
        client.get("/repos/acme/shop")
    assert minted(hub) == 2


def test_a_key_in_one_line_is_read_too() -> None:
    pem, _ = generate_app_key()
    assert AppAuth("12", pem.replace("\n", "\\n")).token()


@pytest.mark.parametrize("pem", ["", "secret-nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA"])
def test_what_is_no_key_is_named_but_not_shown(pem: str) -> None:
    with pytest.raises(SettingsError, match=r"github\.private_key") as caught:
        AppAuth("12", pem)
    assert "secret-nonsense" not in repr(caught.value)


def test_an_unknown_installation_is_githubs_error() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as hub, pytest.raises(ForgeError):
        InstallationTokens(AppAuth("12", pem), hub.url).token(99)


def test_a_token_is_not_shown() -> None:
    assert "ghp_x" not in repr(StaticToken("ghp_x"))
