"""Signing in on the loopback GitHub: as strict as the real one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from reviewbot.domain.errors import Forbidden, ForgeUnavailable
from reviewbot.github.people import OAuthApp, reach_of
from reviewbot.sandbox.github import Fault, Person, SandboxGitHub
from reviewbot.sandbox.github_access import App, generate_app_key
from reviewbot.sandbox.github_store import SandboxPull

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLBACK = "https://bot.example/sign-in/github/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]


@dataclass
class Hands:
    now: float = 1_000_000.0

    def seconds(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def app() -> App:
    return App(1, generate_app_key()[1], client_secret="secret", callback=CALLBACK)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def github(app: App, hands: Hands) -> Iterator[SandboxGitHub]:
    with SandboxGitHub(app=app, clock=hands.seconds) as running:
        for number, name in enumerate(("acme/shop", "acme/payments"), 1001):
            running.add_pull(SandboxPull(b"", 1, name, number))
        running.add_person(Person("bob", 12, frozenset({1001})))
        running.add_person(Person("carol", 13))
        yield running


def authorize(github: SandboxGitHub, app: App, **changes: str) -> httpx2.Response:
    asked = {
        "client_id": app.client_id,
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "as": "bob",
    } | changes
    url = f"{github.url}/login/oauth/authorize"
    return httpx2.get(url, params=asked, trust_env=False)


def code_for(github: SandboxGitHub, app: App, login: str = "bob") -> str:
    location = authorize(github, app, **{"as": login}).headers["location"]
    assert location.startswith(f"{CALLBACK}?")
    return parse_qs(urlsplit(location).query)["code"][0]


def redeem(github: SandboxGitHub, app: App, **changes: str) -> dict[str, Any]:
    form = {
        "client_id": app.client_id,
        "client_secret": "secret",
        "code_verifier": VERIFIER,
    } | changes
    answer = httpx2.post(
        f"{github.url}/login/oauth/access_token",
        data=form,
        headers={"Accept": "application/json"},
        trust_env=False,
    )
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


def test_a_code_is_good_once_for_who_asked_for_it(github: SandboxGitHub, app: App) -> None:
    code = code_for(github, app)
    answer = redeem(github, app, code=code)
    assert answer["access_token"].startswith("ghu_")
    assert answer["expires_in"] == 28_800
    assert redeem(github, app, code=code)["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"code_verifier": "w" * 64}, "bad_verification_code"),
        ({"code": "another"}, "bad_verification_code"),
        ({"redirect_uri": "https://bot.example/elsewhere"}, "redirect_uri_mismatch"),
    ],
)
def test_what_does_not_fit_gets_no_token(
    github: SandboxGitHub, app: App, changes: dict[str, str], error: str
) -> None:
    assert redeem(github, app, **({"code": code_for(github, app)} | changes))["error"] == error


def test_codes_and_tokens_end(github: SandboxGitHub, app: App, hands: Hands) -> None:
    late = code_for(github, app)
    hands.now += 601
    assert redeem(github, app, code=late)["error"] == "bad_verification_code"
    token = redeem(github, app, code=code_for(github, app))["access_token"]
    assert reach_of(token, github.url).login == "bob"
    hands.now += 28_801
    with pytest.raises(Forbidden):
        reach_of(token, github.url)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "http://bot.example/sign-in/github/callback", "https://bot.example/"],
)
def test_only_the_registered_address_gets_codes(
    github: SandboxGitHub, app: App, target: str
) -> None:
    location = authorize(github, app, redirect_uri=target).headers["location"]
    assert location.startswith(f"{CALLBACK}?error=redirect_uri_mismatch")
    assert authorize(github, app, client_id="another").status_code == 404
    assert authorize(github, app, code_challenge_method="plain").status_code == 400


def test_a_person_reaches_what_they_may_read_where_the_app_is(
    github: SandboxGitHub, app: App
) -> None:
    oauth = OAuthApp(github.url, app.client_id, "secret")
    reaches = {}
    for login in ("bob", "carol"):
        token = oauth.exchange(code_for(github, app, login), VERIFIER)
        reaches[login] = reach_of(token, f"{github.url}/api/v3").repositories
    assert reaches == {"bob": {1001}, "carol": set()}
    with pytest.raises(Forbidden):  # a plain token is no person's
        reach_of(github.token, github.url)


def test_refusals_and_troubles_are_told_apart(github: SandboxGitHub, app: App) -> None:
    with pytest.raises(Forbidden, match="bad_verification_code"):
        OAuthApp(github.url, app.client_id, "secret").exchange("none", VERIFIER)
    with pytest.raises(ForgeUnavailable):
        OAuthApp(github.url, "another", "secret").exchange("none", VERIFIER)
    github.faults.append(Fault("POST", "/login/oauth/access_token", drop=True))
    with pytest.raises(ForgeUnavailable):
        OAuthApp(github.url, app.client_id, "secret").exchange("none", VERIFIER)
