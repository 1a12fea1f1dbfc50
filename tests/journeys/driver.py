"""Talks like a user: opens pull requests, pushes, delivers webhooks, kills and restarts processes.

Everything is real: processes, signals, databases, HTTP. GitHub and the models stand on loopback.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import reviewbot
from reviewbot.ledger.database import open_database
from reviewbot.ledger.desk import Desk
from reviewbot.sandbox.github import App, SandboxGitHub, SandboxPull, generate_app_key
from reviewbot.sandbox.github_access import GRANTED
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL
from tests.fakes import patience
from tests.fakes.watched_model import WatchedModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

SECRET = "journey-secret"
METRICS_TOKEN = "journey-metrics"
PATIENCE, wait_for = patience.PATIENCE, patience.wait_for
_APP_ID = 4242
_INSTALLATION = 1
_PRICES = {
    CHEAP_MODEL: {"input": "0.18", "output": "0.25"},
    STRONG_MODEL: {"input": "2.50", "output": "10.00"},
}
_DEFECT = "    return cursor.execute(f\"SELECT * FROM orders WHERE state = '{state}'\")"


# --- what people write -----------------------------------------------------------------------


def defect(name: str = "find") -> Sequence[str]:
    """A function that the models find something in."""
    return (f"def {name}(cursor, state):", _DEFECT)


def long_file(name: str) -> Sequence[str]:
    """A harmless file of two chunks, which fill a request."""
    return [
        f"{name}_{n:03d} = 'a row of a table that nobody has anything to say of'"
        for n in range(460)
    ]


def diff_of(files: Mapping[str, Sequence[str]]) -> bytes:
    """A diff that adds *files*."""
    return b"".join(_added(path, lines) for path, lines in files.items())


def _added(path: str, lines: Sequence[str]) -> bytes:
    head = (
        f"diff --git a/{path} b/{path}",
        "new file mode 100644",
        "index 0000000..1111111",
        "--- /dev/null",
        f"+++ b/{path}",
        f"@@ -0,0 +1,{len(lines)} @@",
    )
    return "".join(f"{line}\n" for line in (*head, *(f"+{line}" for line in lines))).encode()


# --- HTTP ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered."""

    status: int
    text: str


def signed(body: bytes, secret: str = SECRET) -> str:
    """The signature of a body, as GitHub makes it."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def ask(
    url: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """GET, or POST where there is a body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.read().decode())
    finally:
        connection.close()


# --- processes -------------------------------------------------------------------------------


class Running:
    """A process of reviewbot, and what it logs."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._said = folder / f"{uuid.uuid4().hex}.out"
        self._log = self._said.with_suffix(".log")
        with self._said.open("wb") as out, self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reviewbot", *command],
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )

    @property
    def url(self) -> str:
        """Where it listens, once it does."""
        return wait_for(f"an address in {self.log}", self._address)

    @property
    def said(self) -> str:
        """What it wrote to standard output so far."""
        return self._said.read_text()

    @property
    def log(self) -> str:
        """What it logged so far."""
        return self._log.read_text(errors="replace")

    def events(self, event: str) -> list[dict[str, Any]]:
        """The log's records of one kind."""
        lines = [line for line in self.log.splitlines() if line.startswith("{")]
        return [each for each in map(_record, lines) if each.get("event") == event]

    def claimed(self, pull: Pull) -> bool:
        """Whether it took that pull request from the desk."""
        return any(each["pull"] == pull.key for each in self.events("claimed"))

    def kill(self) -> None:
        """``kill -9``."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.ask_to_stop()
        return self.wait()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting for the end."""
        self._process.terminate()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(PATIENCE)

    def _address(self) -> str:
        assert self._process.poll() is None, self.log
        line, ended, _ = self.said.partition("\n")
        return line.partition("listens on ")[2].strip() if ended else ""


def _record(line: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:  # half a line, of a process that was killed or still writes
        return {}
    return record


# --- the whole -------------------------------------------------------------------------------


class Driver:
    """A GitHub, models, a ledger, and as many processes of reviewbot as a test starts.

    *permissions* are the App's beyond the least.
    """

    def __init__(self, folder: Path, database_url: str, **permissions: str) -> None:
        self._folder, self._database_url = folder, database_url
        self._numbers = count(1)
        self._started: list[Running] = []
        self._stack = ExitStack()
        pem, public_key = generate_app_key()
        self._key_file = folder / "app.pem"
        self._key_file.touch(0o600)
        self._key_file.write_text(pem)
        app = App(
            _APP_ID,
            public_key,
            installations=frozenset({_INSTALLATION}),
            permissions={**GRANTED, **permissions},
        )
        self.github = SandboxGitHub(app=app, pat_may_check=True)
        self.model = WatchedModel()
        self.service: Running | None = None

    def __enter__(self) -> Self:
        self._stack.enter_context(self.github)
        self._stack.enter_context(self.model)
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._started:
            running.kill()
        self._stack.close()

    @property
    def is_shared(self) -> bool:
        """Whether several machines may use the ledger."""
        return self._database_url.startswith("postgres")

    @cached_property
    def desk(self) -> Desk:
        """The desk, as every process sees it."""
        return Desk(self._stack.enter_context(closing(open_database(self._database_url))))

    def taken_until(self, pull: Pull) -> float:
        """When a pull request may be worked on by somebody else, in seconds since 1970."""
        seconds = {str(key): seconds for key, seconds in self.desk.waiting()}
        return time.time() + seconds[pull.key]

    @property
    def home(self) -> Path:
        """The home of the person who starts everything."""
        return self._folder

    def serve(self, *options: str, **settings: str) -> Running:
        """Start ``reviewbot serve``; deliveries go to the last one that was started."""
        self.service = self._start(["serve", "--port", "0", *options], settings)
        return self.service

    def worker(self, **settings: str) -> Running:
        """Start ``reviewbot worker``."""
        return self._start(["worker"], settings)

    def costs(self, *options: str) -> list[dict[str, Any]]:
        """What ``reviewbot costs --format json`` prints."""
        lines: list[dict[str, Any]] = json.loads(self.run("costs", "--format", "json", *options))
        return lines

    def run(self, *command: str, code: int = 0, **settings: str) -> str:
        """What a command prints that ends at once."""
        done = subprocess.run(
            [sys.executable, "-m", "reviewbot", *command],
            env=self._environ(settings),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def diagnose(self, companion: str, job: Mapping[str, str]) -> list[dict[str, Any]]:
        """What ``reviewbot doctor --companion`` says in a workflow's job."""
        done = subprocess.run(
            [sys.executable, "-m", "reviewbot", "doctor", "--companion", companion, "--json"],
            env={"PATH": os.environ["PATH"], "HOME": os.fspath(self._folder), **job},
            cwd=Path(reviewbot.__file__).parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def open(self, files: Mapping[str, Sequence[str]], **fields: Any) -> Pull:
        """Open a pull request that adds *files*, in a repository of its own."""
        number = next(self._numbers)
        pull = Pull(self, number, f"acme/shop-{number}", 1000 + number)
        self.github.add_pull(
            SandboxPull(
                diff=diff_of(files),
                number=number,
                repository=pull.repository,
                repository_id=pull.repository_id,
                head_sha=pull.next_sha(),
                **fields,
            )
        )
        return pull

    def open_beside(self, other: Pull, files: Mapping[str, Sequence[str]], base: str) -> Pull:
        """Open a pull request of the same commit into another base branch."""
        number = next(self._numbers)
        pull = Pull(self, number, other.repository, other.repository_id, other.head)
        self.github.add_pull(
            SandboxPull(
                diff=diff_of(files),
                number=number,
                repository=pull.repository,
                repository_id=pull.repository_id,
                head_sha=pull.head,
                base_branch=base,
            )
        )
        return pull

    def deliver(
        self, event: str, payload: Mapping[str, Any], delivery: str = "", secret: str = SECRET
    ) -> Answer:
        """Send a signed webhook."""
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-Hub-Signature-256": signed(body, secret),
        }
        return self.post(body, headers)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send something to the webhook's address."""
        return ask(self.url, "/webhook", body, headers)

    @property
    def url(self) -> str:
        """The service's address."""
        assert self.service is not None
        return self.service.url

    def _start(self, command: Sequence[str], settings: Mapping[str, str]) -> Running:
        running = Running(command, self._environ(settings), self._folder)
        self._started.append(running)
        return running

    def _environ(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the tester's own but where programs are; *settings* by SECTION__KEY."""
        endpoint = {"name": "sandbox", "base_url": self.model.base_url, "api_key_env": "KEY"}
        models = [
            {"name": name, "routes": [{"endpoint": "sandbox", "model": name, "price": price}]}
            for name, price in _PRICES.items()
        ]
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(self._folder),
            "PYTHONPATH": os.fspath(Path(reviewbot.__file__).parents[1]),
            "KEY": API_KEY,
            "SECRET": SECRET,
            "TOKEN": METRICS_TOKEN,
            "GITHUB_API_URL": f"{self.github.url}/api/v3",
            "GITHUB_SERVER_URL": self.github.url,
            "REVIEWBOT_GITHUB__APP_ID": str(_APP_ID),
            "REVIEWBOT_GITHUB__PRIVATE_KEY_FILE": os.fspath(self._key_file),
            "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "SECRET",
            "REVIEWBOT_DATABASE__URL": self._database_url,
            "REVIEWBOT_ENDPOINTS": json.dumps([endpoint]),
            "REVIEWBOT_MODELS": json.dumps(models),
            "REVIEWBOT_TIERS": json.dumps({"cheap": [CHEAP_MODEL], "strong": [STRONG_MODEL]}),
            "REVIEWBOT_LIMITS__DEBOUNCE_SECONDS": "0.2",
            "REVIEWBOT_LIMITS__AUDIT_SHARE": "0",
            **{f"REVIEWBOT_{name}": value for name, value in settings.items()},
        }


class Pull:
    """A pull request: what people do to it, and what reviewbot left on it."""

    def __init__(
        self, driver: Driver, number: int, repository: str, repository_id: int, *heads: str
    ) -> None:
        self._driver, self.number = driver, number
        self.repository, self.repository_id = repository, repository_id
        self._heads = list(heads)

    @property
    def key(self) -> str:
        """As logs name it."""
        return f"{self.repository_id}/{self.number}"

    @property
    def head(self) -> str:
        """The commit that it proposes now."""
        return self._heads[-1]

    def next_sha(self) -> str:
        """The head to be."""
        said = f"{self.number} {len(self._heads)}".encode()
        self._heads.append(hashlib.sha1(said, usedforsecurity=False).hexdigest())
        return self.head

    def push(self, files: Mapping[str, Sequence[str]]) -> str:
        """Push a new head; returns it."""
        head = self.next_sha()
        self._driver.github.push(self.number, diff_of(files), head, self.repository)
        return head

    def change(self, **fields: Any) -> None:
        """Change its title, draft state, …"""
        self._driver.github.change_pull(self.number, self.repository, **fields)

    def deliver(
        self,
        action: str,
        *,
        event: str = "pull_request",
        delivery: str = "",
        secret: str = SECRET,
        **more: Any,
    ) -> Answer:
        """Send GitHub's signed webhook; *more* goes into its payload."""
        github = self._driver.github
        payload = github.payload(action, self.number, _INSTALLATION, self.repository) | more
        return self._driver.deliver(event, payload, delivery, secret)

    def tell(self, comment: dict[str, Any], delivery: str = "", **more: Any) -> Answer:
        """Send GitHub's signed webhook about a new comment; *more* goes into its payload."""
        event, payload = self._driver.github.comment_payload(
            comment, self.number, _INSTALLATION, self.repository
        )
        return self._driver.deliver(event, payload | more, delivery)

    def ask_again(
        self,
        sender: str = "alice",
        action: str = "rerequested",
        **more: Any,
    ) -> Answer:
        """Press a button of the newest check run."""
        more |= {"check_run": self.checks(self.head)[-1], "sender": {"login": sender, "id": 5}}
        return self.deliver(action, event="check_run", **more)

    def wait_for_check(self, head: str = "") -> dict[str, Any]:
        """The completed check run of a head, the present one without it."""
        sha = head or self.head
        return wait_for(
            f"a completed check run of {self.repository} at {sha}",
            lambda: next((c for c in self.checks(sha) if c["status"] == "completed"), {}),
        )

    def checks(self, head: str = "") -> list[dict[str, Any]]:
        """All check runs, of one head or of all."""
        heads = [head] if head else self._heads
        return [each for each in self._driver.github.check_runs if each["head_sha"] in heads]

    @property
    def reviews(self) -> list[dict[str, Any]]:
        """The reviews that were posted."""
        address = f"/repos/{self.repository}/pulls/{self.number}"
        reviews = self._driver.github.reviews
        return [each for each in reviews if each["pull_request_url"].endswith(address)]

    @property
    def summaries(self) -> list[dict[str, Any]]:
        """The comments below it."""
        address = f"/repos/{self.repository}/issues/{self.number}"
        comments = self._driver.github.issue_comments
        return [each for each in comments if each["issue_url"].endswith(address)]

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """What was asked of GitHub about its repository."""
        begin = f"/repos/{self.repository}/"
        return [each for each in self._driver.github.requests if each[1].startswith(begin)]


def reviewed(bot: Driver) -> Pull:
    """Another pull request, which was opened and reviewed."""
    pull = bot.open({"src/another.py": defect()})
    assert pull.deliver("opened").status == 202
    pull.wait_for_check()
    return pull
