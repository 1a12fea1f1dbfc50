"""Sets the stage: a pull request on a loopback GitHub, scripted models, a service between them."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import ReviewbotError
from reviewbot.entrypoints.demo.history import seed_history
from reviewbot.entrypoints.demo.past import PER_INSTALLATION, PER_SERVER, REPOSITORIES
from reviewbot.entrypoints.demo.service import running_service
from reviewbot.sandbox.github import Person, SandboxGitHub
from reviewbot.sandbox.github_access import App, generate_app_key
from reviewbot.sandbox.github_store import SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_APP_ID = 4242
_INSTALLATION = 1
_ADMIN = "alice"
_LOOK_SECONDS = 0.1
# The article's figures for a cheap and a dear model, USD per million tokens.
_PRICES = {
    CHEAP_MODEL: {"input": "0.18", "output": "0.25"},
    STRONG_MODEL: {"input": "2.50", "output": "10.00"},
}


class Unfinished(ReviewbotError):
    """The demo's review did not come to its end."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. *model* is None where a real endpoint is asked."""

    github: SandboxGitHub
    model: SandboxModel | None
    service_url: str
    pull: SandboxPull
    folder: Path
    secret: str
    tiers: Mapping[str, str]  # by model
    token: str  # opens the costs pages

    def deliver(self) -> int:
        """Send the signed webhook; returns the service's status."""
        return self.github.deliver(
            f"{self.service_url}/webhook",
            "opened",
            self.pull.number,
            self.secret,
            _INSTALLATION,
        )

    def wait(self, seconds: float, tell: Callable[[int], None]) -> dict[str, Any]:
        """The completed check run; *tell* hears how many calls the models had so far."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            tell(len(self.model.calls) if self.model else 0)
            for run in self.github.check_runs:
                if run["status"] == "completed":
                    return dict(run)
            time.sleep(_LOOK_SECONDS)
        message = f"the review was not done after {seconds:.0f} seconds"
        raise Unfinished(message, f"The service's log: {self.folder / 'service.log'}")

    @property
    def database_url(self) -> str:
        """The ledger of the service."""
        return _database_url(self.folder)


class Past(Enum):
    """What the ledger knows when the demo begins."""

    NONE = auto()
    THREE_MONTHS = auto()


@contextmanager
def set_stage(
    environ: Mapping[str, str], diff: bytes | None, past: Past = Past.NONE
) -> Iterator[Stage]:
    """Start everything on free ports; stop it, and remove its files, at the end.

    *environ* is the user's: with REVIEWBOT_API_KEY the real endpoint is asked.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewbot-demo-")))
        pem, public_key = generate_app_key()
        key_file = folder / "app.pem"
        key_file.touch(0o600)
        key_file.write_text(pem)
        secret, token, client_secret = (secrets.token_hex(16) for _ in range(3))
        app = App(
            _APP_ID,
            public_key,
            installations=frozenset({_INSTALLATION}),
            client_secret=client_secret,
        )
        github = stack.enter_context(SandboxGitHub(app=app))
        pull = _pull(diff)
        github.add_pull(pull)
        _populate(github, pull)
        limits: dict[str, str] = {}
        if past is Past.THREE_MONTHS:
            seed_history(_database_url(folder), datetime.now(UTC))
            limits = _past_limits(pull.repository)
        model, models, tiers = _models(environ, stack)
        own = _basics(environ) | models | _service(github.url, folder, key_file, secret)
        own |= _doors(app, token) | limits
        service = stack.enter_context(running_service(own, folder / "service.log"))
        github.register_callback(f"{service.url}/sign-in/github/callback")
        yield Stage(github, model, service.url, pull, folder, secret, tiers, token)


def _pull(diff: bytes | None) -> SandboxPull:
    scenario = load_scenario()
    if diff is not None:
        return SandboxPull(diff=diff, number=1, repository="your/diff", title="Your diff")
    return SandboxPull(
        diff=scenario.diff,
        number=scenario.number,
        repository=scenario.repository,
        title=scenario.title,
        base_files=scenario.base_files,
    )


def _models(
    environ: Mapping[str, str], stack: ExitStack
) -> tuple[SandboxModel | None, dict[str, str], dict[str, str]]:
    """The models to ask, as settings, and their tiers: the user's own, or scripted ones."""
    if environ.get("REVIEWBOT_API_KEY"):
        own = {name: value for name, value in environ.items() if name.startswith("REVIEWBOT_")}
        own.pop("REVIEWBOT_CONFIG", None)
        cheap, strong = own.get("REVIEWBOT_CHEAP_MODEL"), own.get("REVIEWBOT_STRONG_MODEL")
        tiers = {name: tier for name, tier in ((cheap, "cheap"), (strong, "strong")) if name}
        return None, own, tiers
    model = stack.enter_context(SandboxModel())
    endpoint = {"name": "sandbox", "base_url": model.base_url, "api_key_env": "SANDBOX_KEY"}
    models = [
        {"name": name, "routes": [{"endpoint": "sandbox", "model": name, "price": price}]}
        for name, price in _PRICES.items()
    ]
    settings = {
        "SANDBOX_KEY": API_KEY,
        "REVIEWBOT_ENDPOINTS": json.dumps([endpoint]),
        "REVIEWBOT_MODELS": json.dumps(models),
        "REVIEWBOT_TIERS": json.dumps({"cheap": [CHEAP_MODEL], "strong": [STRONG_MODEL]}),
        "REVIEWBOT_LIMITS__AUDIT_SHARE": "0",  # a script is the same every time
    }
    return model, settings, {CHEAP_MODEL: "cheap", STRONG_MODEL: "strong"}


def _basics(environ: Mapping[str, str]) -> dict[str, str]:
    """What a process needs of the environment; no token of the user goes to the demo."""
    names = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: environ[name] for name in names if name in environ}


def _service(github_url: str, folder: Path, key_file: Path, secret: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": f"{github_url}/api/v3",
        "GITHUB_SERVER_URL": github_url,
        "DEMO_WEBHOOK_SECRET": secret,
        "REVIEWBOT_GITHUB__APP_ID": str(_APP_ID),
        "REVIEWBOT_GITHUB__PRIVATE_KEY_FILE": os.fspath(key_file),
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "DEMO_WEBHOOK_SECRET",
        "REVIEWBOT_DATABASE__URL": _database_url(folder),
        "REVIEWBOT_LIMITS__DEBOUNCE_SECONDS": "0",
        "REVIEWBOT_LIMITS__AUDIT_SHARE": "0",  # the same for everybody who looks
    }


def _doors(app: App, token: str) -> dict[str, str]:
    """How people come to the costs pages."""
    return {
        "DEMO_DASHBOARD_TOKEN": token,
        "DEMO_CLIENT_SECRET": app.client_secret,
        "REVIEWBOT_DASHBOARD__TOKEN_ENV": "DEMO_DASHBOARD_TOKEN",
        "REVIEWBOT_DASHBOARD__ADMINS": json.dumps([_ADMIN]),
        "REVIEWBOT_GITHUB__CLIENT_ID": app.client_id,
        "REVIEWBOT_GITHUB__CLIENT_SECRET_ENV": "DEMO_CLIENT_SECRET",
    }


def _past_limits(repository: str) -> dict[str, str]:
    """The limits that the past was under; today's own review has room."""
    per_month = next((each.per_month for each in REPOSITORIES if each.name == repository), "5")
    return {
        "REVIEWBOT_BUDGET__PER_INSTALLATION": PER_INSTALLATION,
        "REVIEWBOT_BUDGET__PER_SERVER": PER_SERVER,
        "REVIEWBOT_BUDGET__REPOSITORY_SHARE": "1",
        "REVIEWBOT_POLICY__BUDGET__PER_DAY": "2",
        "REVIEWBOT_POLICY__BUDGET__PER_MONTH": per_month,
    }


def _populate(github: SandboxGitHub, pull: SandboxPull) -> None:
    """People who may sign in: one sees everything, the others what GitHub lets them."""
    for each in REPOSITORIES:
        if each.name != pull.repository:
            other = SandboxPull(diff=b"", number=1, repository=each.name, repository_id=each.id)
            github.add_pull(other)
    everything = frozenset({pull.repository_id, *(each.id for each in REPOSITORIES)})
    github.add_person(Person(_ADMIN, 11, everything))
    github.add_person(Person("bob", 12, frozenset({pull.repository_id})))
    github.add_person(Person("carol", 13))


def _database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"
