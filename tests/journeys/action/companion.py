"""A service with a companion, an issuer, and repositories whose workflows use them."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.actions_oidc import SandboxIssuer, claims_of
from tests.fakes.ports import deaf_port
from tests.journeys.action.workflow import Run, Workflow
from tests.journeys.driver import Answer, Driver, ask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from tests.journeys.driver import Pull

WORKFLOWS = "acme/*/.github/workflows/review.yml@refs/pull/*/merge"
TARGET_WORKFLOWS = "acme/*/.github/workflows/review.yml@refs/heads/main"
ADMIN_TOKEN = "the token of an administrator"
GITHUB_TOKEN = "sandbox-token"
SCHEMA = {"type": "object", "properties": {"findings": {"type": "array"}}}


class Companion:
    """A running companion, everything around it, and people with workflows."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self._folder, self._settings = folder, settings
        self._stack = ExitStack()
        self.bot = Driver(folder, database_url)
        self.issuer = SandboxIssuer()
        # The address must be known before it runs, and be nobody else's meanwhile.
        self.port = self._stack.enter_context(deaf_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self._admin = folder / "admin-token"
        self._admin.write_text(ADMIN_TOKEN)
        self._workflows: dict[str, Workflow] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self.bot)
        self._stack.enter_context(self.issuer)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def settings(self) -> dict[str, str]:
        """What the service is configured with."""
        return {
            "COMPANION__URL": self.url,
            "COMPANION__ISSUER": self.issuer.url,
            "COMPANION__INSTALLATIONS": "[1]",
            "COMPANION__WORKFLOWS": json.dumps([WORKFLOWS, TARGET_WORKFLOWS]),
            "DASHBOARD__TOKEN_FILE": os.fspath(self._admin),
            "LIMITS__DEBOUNCE_SECONDS": "0",
            "LIMITS__BUDGET_WAIT_SECONDS": "0",
            **self._settings,
        }

    def serve(self, **settings: str) -> Self:
        """Start the service."""
        running = self.bot.serve("--port", str(self.port), **self.settings | settings)
        assert running.url == self.url
        return self

    # --- jobs --------------------------------------------------------------------------------

    def payload(self, pull: Pull) -> dict[str, Any]:
        """The event of a pull request as it is now."""
        return self.bot.github.payload("opened", pull.number, repository=pull.repository)

    def review(
        self,
        pull: Pull,
        event: str = "pull_request",
        *,
        inputs: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        claims: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the action's steps for a pull request, as its repository's workflow says."""
        payload = self.payload(pull)
        job = self.issuer.job(event, payload, **dict(claims or {}))
        given = {"companion-url": self.url, "github-token": GITHUB_TOKEN} | dict(inputs or {})
        said = {**job, "REVIEWBOT_LIMITS__AUDIT_SHARE": "0"} | dict(environ or {})
        return self.workflow(pull).run(event, payload, given, said)

    def workflow(self, pull: Pull) -> Workflow:
        """The workflow of a pull request's repository."""
        if pull.repository not in self._workflows:
            folder = self._folder / pull.repository.replace("/", "-")
            folder.mkdir()
            github = self.bot.github
            workflow = Workflow(folder, f"{github.url}/api/v3", github.url)
            self._workflows[pull.repository] = workflow
        return self._workflows[pull.repository]

    def page(self, path: str) -> Answer:
        """A page of the costs, as an administrator sees it."""
        return ask(self.url, path, None, {"Authorization": f"Bearer {ADMIN_TOKEN}"})

    # --- requests by hand --------------------------------------------------------------------

    def claims(self, pull: Pull, event: str = "pull_request") -> dict[str, Any]:
        """What the issuer says of a job of this pull request."""
        return claims_of(event, self.payload(pull))

    def token(self, pull: Pull, event: str = "pull_request", **changed: Any) -> str:
        """A token of such a job; *changed* claims or signing."""
        audience = changed.pop("aud", self.url)
        return self.issuer.sign(self.claims(pull, event), audience, **changed)

    def buy(self, token: str, number: int, **wish: object) -> Answer:
        """Ask for a session."""
        return self.post("session", token, {"pull_request": number, **wish})

    def session(self, pull: Pull, **wish: object) -> str:
        """A session for a pull request."""
        sold = self.buy(self.token(pull), pull.number, **wish)
        assert sold.status == 201, sold.text
        token: str = json.loads(sold.text)["session"]
        return token

    def ask(self, session: str, text: str = "x = 1", **changed: object) -> Answer:
        """Ask the cheap tier about a chunk."""
        return self.post("v1/chat/completions", session, completion(text, **changed))

    def post(self, path: str, token: str, said: object) -> Answer:
        """Send JSON with a token."""
        return self.post_raw(path, token, json.dumps(said).encode())

    def post_raw(self, path: str, token: str, body: bytes) -> Answer:
        """Send bytes with a token."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        return ask(self.url, f"/companion/{path}", body, headers)


def completion(text: str, **changed: object) -> dict[str, object]:
    """A chat completion as reviewbot asks for it."""
    said: dict[str, object] = {
        "model": "cheap",
        "messages": messages(text),
        "max_tokens": 200,
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "review", "strict": True, "schema": SCHEMA},
        },
    }
    return {name: v for name, v in (said | changed).items() if v is not None}


def messages(text: str) -> Sequence[Mapping[str, str]]:
    """Rules, and a chunk with one added line."""
    chunk = f"<<<CHUNK abc\nFile: src/a.py\n@@\n1 + {text}\n>>>CHUNK abc"
    return (
        {"role": "system", "content": "Answer in JSON."},
        {"role": "user", "content": chunk},
    )


def code_of(answer: Answer) -> str:
    """The code of a refusal."""
    error = json.loads(answer.text)["error"]
    return str(error["code"] if isinstance(error, dict) else error)
