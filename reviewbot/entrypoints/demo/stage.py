"""Sets the stage: a pull request on a loopback GitHub, scripted models, a service between them."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import ReviewbotError
from reviewbot.entrypoints.demo.service import running_service
from reviewbot.sandbox.github import SandboxGitHub
from reviewbot.sandbox.github_access import App, generate_app_key
from reviewbot.sandbox.github_store import SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_APP_ID = 4242
_INSTALLATION = 1
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


@contextmanager
def set_stage(environ: Mapping[str, str], diff: bytes | None) -> Iterator[Stage]:
    """Start everything on free ports; stop it, and remove its files, at the end.

    *environ* is the user's: with REVIEWBOT_API_KEY the real endpoint is asked.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewbot-demo-")))
        pem, public_key = generate_app_key()
        key_file = folder / "app.pem"
        key_file.touch(0o600)
        key_file.write_text(pem)
        app = App(_APP_ID, public_key, installations=frozenset({_INSTALLATION}))
        github = stack.enter_context(SandboxGitHub(app=app))
        pull = _pull(diff)
        github.add_pull(pull)
        secret = secrets.token_hex(16)
        model, models, tiers = _models(environ, stack)
        own = _basics(environ) | models | _service(github.url, folder, key_file, secret)
        service = stack.enter_context(running_service(own, folder / "service.log"))
        yield Stage(github, model, service.url, pull, folder, secret, tiers)


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


def _database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"
