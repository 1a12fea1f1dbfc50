"""A running service with a past, a loopback GitHub, and visitors of every kind."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2

from reviewbot.entrypoints.demo.history import seed_history
from reviewbot.entrypoints.demo.past import REPOSITORIES
from reviewbot.entrypoints.demo.service import running_service
from reviewbot.sandbox.github import Person, SandboxGitHub
from reviewbot.sandbox.github_access import App, generate_app_key
from reviewbot.sandbox.github_store import SandboxPull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "the-administrators-token-of-the-tests"
SHOP, PAYMENTS = REPOSITORIES[0], REPOSITORIES[1]
CALLBACK = "/sign-in/github/callback"
_CLIENT_SECRET = "the client's secret"


@dataclass(frozen=True)
class World:
    """Where everything is."""

    url: str
    github: SandboxGitHub
    environ: dict[str, str] = field(default_factory=dict)

    def client(self, **headers: str) -> httpx2.Client:
        """A browser of its own, which follows no redirect."""
        return httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    def administrator(self) -> httpx2.Client:
        """A script with the administrators' token."""
        return self.client(Authorization=f"Bearer {TOKEN}")

    @contextmanager
    def person(self, login: str) -> Iterator[httpx2.Client]:
        """A browser in which somebody signed in with GitHub."""
        with self.client() as browser:
            there = browser.get("/sign-in/github").headers["location"]
            back = browser.get(f"{there}&as={login}").headers["location"]
            assert browser.get(back).headers["location"] == "/costs"
            yield browser

    @contextmanager
    def signed_in(self) -> Iterator[httpx2.Client]:
        """A browser in which the administrators' token was typed."""
        with self.client() as browser:
            proof = proof_in(browser.get("/sign-in").text)
            entered = browser.post("/sign-in", data={"token": TOKEN, "proof": proof})
            assert entered.headers["location"] == "/costs"
            yield browser


def proof_in(page: str) -> str:
    """What a form carries against forgery."""
    [proof] = re.findall(r'name="proof" value="([0-9a-f]+)"', page)
    return str(proof)


@contextmanager
def world(folder: Path, **changes: str) -> Iterator[World]:
    """alice is an administrator, bob may read one repository, carol none."""
    with ExitStack() as stack:
        pem, key = generate_app_key()
        (folder / "app.pem").write_text(pem)
        app = App(1, key, client_secret=_CLIENT_SECRET)
        github = stack.enter_context(SandboxGitHub(app=app))
        for each in REPOSITORIES:
            github.add_pull(SandboxPull(b"", 1, each.name, each.id))
        github.add_person(Person("Alice", 11))
        github.add_person(Person("bob", 12, frozenset({SHOP.id})))
        github.add_person(Person("carol", 13))
        database = f"sqlite:///{folder / 'ledger.db'}"
        seed_history(database, datetime.now(UTC), 40)
        environ = _environ(github.url, folder, app, database) | changes
        service = stack.enter_context(running_service(environ, folder / "service.log"))
        github.register_callback(f"{service.url}{CALLBACK}")
        yield World(service.url, github, environ)


def _environ(github_url: str, folder: Path, app: App, database: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": f"{github_url}/api/v3",
        "GITHUB_SERVER_URL": github_url,
        "HOOK": "the hook's secret",
        "TOKEN": TOKEN,
        "CLIENT": _CLIENT_SECRET,
        "REVIEWBOT_API_KEY": "opens nothing",
        "REVIEWBOT_BASE_URL": "http://127.0.0.1:9/v1",
        "REVIEWBOT_CHEAP_MODEL": "sandbox-cheap",
        "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
        "REVIEWBOT_STRONG_MODEL": "sandbox-strong",
        "REVIEWBOT_STRONG_PRICE": "2.50/10",
        "REVIEWBOT_DATABASE__URL": database,
        "REVIEWBOT_GITHUB__APP_ID": str(app.id),
        "REVIEWBOT_GITHUB__PRIVATE_KEY_FILE": str(folder / "app.pem"),
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "HOOK",
        "REVIEWBOT_GITHUB__CLIENT_ID": app.client_id,
        "REVIEWBOT_GITHUB__CLIENT_SECRET_ENV": "CLIENT",
        "REVIEWBOT_DASHBOARD__TOKEN_ENV": "TOKEN",
        "REVIEWBOT_DASHBOARD__ADMINS": json.dumps(["alice"]),
        "REVIEWBOT_DASHBOARD__TEAMS": json.dumps(
            {"buyers": [SHOP.name.upper()], "money & co": ["acme/pay*"], "ghosts": ["other/*"]}
        ),
    }
