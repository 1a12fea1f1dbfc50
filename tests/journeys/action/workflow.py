"""A small runner of GitHub Actions: action.yml's own steps, on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((_ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
_EXPRESSION = re.compile(r"\$\{\{ ([a-z_.-]+) \}\}")
_COMMAND = re.compile(r"\s*::([a-z0-9-]+)(?: ([^:]*))?::(.*)")


@dataclass(frozen=True)
class Command:
    """A workflow command that the runner obeyed."""

    name: str
    properties: dict[str, str]
    message: str


@dataclass(frozen=True)
class Run:
    """How a job with the one step `uses: reviewbot` ended."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str

    @property
    def commands(self) -> list[Command]:
        """What the runner obeys in the log: nothing between a fence and its end."""
        return list(obeyed(self.log))


def obeyed(log: str) -> Iterator[Command]:
    fence = ""
    for line in log.splitlines():
        if not (match := _COMMAND.fullmatch(line)):
            continue
        name, properties, message = match.groups()
        if fence:
            fence = "" if name == fence else fence
        elif name == "stop-commands":
            fence = message
        else:
            pairs = (pair.partition("=") for pair in (properties or "").split(",") if pair)
            yield Command(name, {key: _plain(value) for key, _, value in pairs}, _plain(message))
    assert not fence, "commands are stopped for all the rest of the job"


def _plain(text: str) -> str:
    for code, char in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


@dataclass
class Workflow:
    """A repository's workflow; caches last from run to run, everything else does not."""

    folder: Path
    api_url: str
    server_url: str
    caches: dict[str, bytes] = field(default_factory=dict)
    wheels: dict[str, Path] = field(default_factory=dict)
    runs: int = 0

    @property
    def workspace(self) -> Path:
        """Where a workflow may have checked something out."""
        (self.folder / "workspace").mkdir(exist_ok=True)
        return self.folder / "workspace"

    def run(
        self,
        event: str,
        payload: dict[str, Any],
        inputs: Mapping[str, str],
        environ: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the action's steps for an event, in a fresh temporary folder."""
        self.runs += 1
        return self.begin(event, payload, inputs, dict(environ or {})).run()

    def begin(
        self,
        event: str,
        payload: dict[str, Any],
        inputs: Mapping[str, str],
        environ: dict[str, str],
    ) -> Job:
        """A job of it; the program under test stands in for what is installed."""
        return Job(self, event, payload, inputs, environ)


class Job:
    """One run of the action's steps."""

    def __init__(
        self,
        workflow: Workflow,
        event: str,
        payload: dict[str, Any],
        inputs: Mapping[str, str],
        environ: dict[str, str],
    ) -> None:
        self._workflow, self._event, self._payload = workflow, event, payload
        self._environ = environ
        self.temp = workflow.folder / f"temp-{workflow.runs}"
        self.temp.mkdir()
        unknown = set(inputs) - set(ACTION["inputs"])
        assert not unknown, unknown
        defaults = {name: about.get("default", "") for name, about in ACTION["inputs"].items()}
        self._context = {
            "runner.temp": str(self.temp),
            "github.token": "the token of the job",
            "runner.os": "Linux",
            "runner.arch": "X64",
            "github.action_path": str(_ROOT),
            "github.repository_id": str(payload.get("repository", {}).get("id", "")),
            "github.event.pull_request.number": str(payload.get("number", "")),
            "github.run_id": str(workflow.runs),
            "github.run_attempt": "1",
            "steps.python.outputs.python-path": sys.executable,
        }
        self._context |= {
            f"inputs.{name}": self._said(value) for name, value in {**defaults, **inputs}.items()
        }

    def run(self) -> Run:
        code, log = 0, ""
        for step in STEPS:
            if not self._is_due(step, code):
                continue
            if step.get("name") == "Install reviewbot":
                self.install(step)
            elif "run" in step:
                code, log = self.execute(step)
            elif "/cache/" in step.get("uses", ""):
                self._cache(step)
        outputs = {
            name: self._said(about["value"])
            for name, about in ACTION["outputs"].items()
            if "steps.review.outputs.status" in self._context
        }
        return Run(code, outputs, self._read("summary"), log)

    def _is_due(self, step: dict[str, Any], code: int) -> bool:
        condition = step.get("if", "success()")
        if condition == "always()":
            return True
        if match := re.fullmatch(r"([a-z.-]+) != '(.*)'", condition):
            return not code and self._context.get(match[1], "") != match[2]
        assert condition == "success()", condition
        return not code

    def install(self, step: dict[str, Any]) -> None:
        """The program under test in the place of its installation, and wheels of it."""
        del step
        programs = self.temp / "reviewbot-venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "reviewbot").symlink_to(Path(sys.executable).with_name("reviewbot"))
        wheels = self.temp / "reviewbot-wheels"
        if not wheels.exists():
            wheels.mkdir()
            (wheels / "locked.whl").touch()

    def _said(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self._context[match.group(1)], str(text))

    def _read(self, name: str) -> str:
        file = self.temp / name
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def execute(self, step: dict[str, Any]) -> tuple[int, str]:
        process = self.start(step)
        log, _ = process.communicate(timeout=300)  # seconds; only a failing test takes so long
        self._take_outputs(str(step.get("id")))
        return process.returncode, log

    def start(self, step: dict[str, Any]) -> subprocess.Popen[str]:
        event = self.temp / "event.json"
        event.write_text(json.dumps(self._payload), encoding="utf-8")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": self._payload.get("sender", {}).get("login", ""),
            "GITHUB_API_URL": self._workflow.api_url,
            "GITHUB_SERVER_URL": self._workflow.server_url,
            "GITHUB_EVENT_NAME": self._event,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(self.temp / f"output-{step.get('id')}"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_RUN_ID": str(self._workflow.runs),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SHA": "c" * 40,  # a merge commit, or the default branch's
            "GITHUB_WORKSPACE": str(self._workflow.workspace),
            "RUNNER_TEMP": str(self.temp),
        }
        environ |= self._environ
        environ |= {name: self._said(value) for name, value in step["env"].items()}
        script = self.temp / f"{step.get('id', 'step')}.sh"
        script.write_text(step["run"], encoding="utf-8")
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self._said(step["working-directory"]),
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _take_outputs(self, step: str) -> None:
        said = self._read(f"output-{step}")
        block = re.compile(r"^([a-z-]+)<<(\w+)\n(.*?)\n?\2$", re.MULTILINE | re.DOTALL)
        found = {name: value for name, _, value in block.findall(said)}
        found |= re.findall(r"^([a-z-]+)=(.*)$", block.sub("", said), re.MULTILINE)
        self._context |= {f"steps.{step}.outputs.{name}": value for name, value in found.items()}

    def _cache(self, step: dict[str, Any]) -> None:
        folder, key = Path(self._said(step["with"]["path"])), self._said(step["with"]["key"])
        if folder.name == "reviewbot-wheels":
            self._cache_wheels(step, folder, key)
            return
        caches = self._workflow.caches
        if "restore" in step["uses"]:
            prefix = self._said(step["with"]["restore-keys"])
            known = [kept for name, kept in caches.items() if name.startswith(prefix)]
            for kept in known[-1:]:
                folder.mkdir()
                (folder / "ledger.sealed").write_bytes(kept)
        elif folder.exists():
            assert [file.name for file in folder.iterdir()] == ["ledger.sealed"]
            caches[key] = (folder / "ledger.sealed").read_bytes()
            shutil.rmtree(folder)

    def _cache_wheels(self, step: dict[str, Any], folder: Path, key: str) -> None:
        """As GitHub does it: a key is written once, and a hit is told."""
        kept = self._workflow.wheels
        if "save" in step["uses"]:
            assert key not in kept
            kept[key] = folder.rename(self._workflow.folder / f"kept-{len(kept)}")
        elif key in kept:
            shutil.copytree(kept[key], folder)
            self._context[f"steps.{step['id']}.outputs.cache-hit"] = "true"
