"""What the sandbox GitHub knows of Apps: manifests, deliveries, suspensions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reviewbot.github.auth import AppAuth
from reviewbot.github.manifest import manifest
from reviewbot.sandbox.github import App, SandboxGitHub, SandboxPull, generate_app_key

if TYPE_CHECKING:
    from collections.abc import Iterator

PEM, PUBLIC = generate_app_key()
MANIFEST = dict(manifest("reviewbot", "https://r.example.org", "http://127.0.0.1:1/created"))
TIMEOUT = 120


class Hours:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def hub(hours: Hours) -> Iterator[SandboxGitHub]:
    with SandboxGitHub(app=App(12, PUBLIC, installations=frozenset({1})), clock=hours) as hub:
        hub.add_pull(SandboxPull(b"--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n+y\n"))
        yield hub


def posted(hub: SandboxGitHub, given: dict[str, Any]) -> requests.Response:
    form = {"manifest": json.dumps(given)}
    return requests.post(f"{hub.url}/settings/apps/new?state=s", data=form, timeout=TIMEOUT)


def code(hub: SandboxGitHub) -> str:
    page = posted(hub, MANIFEST)
    [ticket] = re.findall(r'name="ticket" value="(\w+)"', page.text)
    answer = requests.post(
        f"{hub.url}/settings/apps/manifest",
        data={"ticket": ticket, "name": "Acme"},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    found = re.fullmatch(r".*/created\?code=(\w+)&state=s", answer.headers["Location"])
    assert found is not None
    return found[1]


def converted(hub: SandboxGitHub, code: str) -> requests.Response:
    return requests.post(f"{hub.url}/app-manifests/{code}/conversions", timeout=TIMEOUT)


def test_a_code_is_worth_an_app_once(hub: SandboxGitHub) -> None:
    given = code(hub)
    app = converted(hub, given).json()
    assert (app["slug"], app["name"]) == ("acme", "Acme")
    assert {"pem", "webhook_secret", "client_secret"} <= set(app)
    assert converted(hub, given).status_code == 404


def test_a_code_holds_an_hour(hub: SandboxGitHub, hours: Hours) -> None:
    given = code(hub)
    hours.now += 3601
    assert converted(hub, given).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 35},
        {"url": "reviews"},
        {"redirect_url": None},
        {"hook_attributes": {"url": "http://localhost:8080/webhook"}},
        {"hook_attributes": {"url": "http://10.0.0.1/webhook"}},
        {"default_permissions": {"checks": "write"}},
        {"permisions": {}},
    ],
)
def test_a_manifest_that_github_would_refuse_is_refused(
    hub: SandboxGitHub, wrong: dict[str, Any]
) -> None:
    assert posted(hub, MANIFEST | wrong).status_code == 422


def test_a_suspended_installation_opens_nothing(hub: SandboxGitHub, hours: Hours) -> None:
    signed = {"Authorization": f"Bearer {AppAuth(12, PEM, hours).token()}"}
    tokens = f"{hub.url}/app/installations/1/access_tokens"
    token = requests.post(tokens, headers=signed, timeout=TIMEOUT).json()["token"]
    own = {"Authorization": f"Bearer {token}"}
    pull = f"{hub.url}/repos/acme/shop/pulls/1"
    hub.suspend(1)
    assert requests.get(pull, headers=own, timeout=TIMEOUT).status_code == 403
    assert requests.post(tokens, headers=signed, timeout=TIMEOUT).status_code == 403
    hub.unsuspend(1)
    assert requests.get(pull, headers=own, timeout=TIMEOUT).status_code == 200
