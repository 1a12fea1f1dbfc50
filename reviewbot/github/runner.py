"""The runner of GitHub Actions: the event that started a job, and what a job says back.

Everything that a job prints is read for commands, so foreign text is printed inside a fence.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

from pydantic import Field, ValidationError

from reviewbot.domain.errors import UsageError
from reviewbot.domain.phrase import Phrase
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVENTS = ("pull_request", "pull_request_target")
_DEPENDABOT = "dependabot[bot]"
_MOST_SUMMARY = 2**19  # characters; GitHub takes 1 MiB
_MOST_EVENT = 32 * 2**20
_ShaText = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
_Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]


class Level(StrEnum):
    """How an annotation is shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class PullEvent:
    """The pull request that a job runs for; *without_secrets* says why it was given none."""

    repository_id: int
    repository: str
    number: int
    head_sha: str
    without_secrets: str = ""


class _Repository(Payload):
    id: _Id
    full_name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")


class _Named(Payload):
    full_name: str


class _Head(Payload):
    sha: _ShaText
    repo: _Named | None = None  # None where the fork was deleted


class _Pull(Payload):
    number: _Id
    head: _Head


class _Event(Payload):
    repository: _Repository
    pull_request: _Pull


def read_pull_event(environ: Mapping[str, str]) -> PullEvent:
    """The event of this job; raises UsageError.

    The head comes from the event: GITHUB_SHA is a merge commit, or the default branch's.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    if name not in EVENTS:
        message = f"the event is {name or 'unknown'}, not {' or '.join(EVENTS)}"
        raise UsageError(message, "Run it in a workflow with `on: pull_request`.")
    try:
        with Path(environ.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            event = _Event.model_validate_json(file.read(_MOST_EVENT))
    except (OSError, ValidationError) as error:
        message = "the file that GITHUB_EVENT_PATH names is no pull request's event"
        raise UsageError(message, "The runner of GitHub Actions writes it.") from error
    return PullEvent(
        event.repository.id,
        event.repository.full_name,
        event.pull_request.number,
        event.pull_request.head.sha,
        _without_secrets(name, event, environ.get("GITHUB_ACTOR", "")),
    )


def _without_secrets(name: str, event: _Event, actor: str) -> str:
    if name != "pull_request":
        return ""
    if actor == _DEPENDABOT:
        return Phrase("Dependabot's pull requests are given none of the workflow's secrets")
    home = event.pull_request.head.repo
    if home is None or home.full_name.casefold() != event.repository.full_name.casefold():
        return Phrase("pull requests from forks are given no secrets")
    return ""


class Runner:
    """What a step says to the runner that executes it."""

    def __init__(self, environ: Mapping[str, str], out: TextIO) -> None:
        self._environ, self._out = environ, out

    @contextmanager
    def fenced(self) -> Iterator[TextIO]:
        """Where text may be printed that the runner must not take for commands."""
        fence = secrets.token_hex(16)
        self._out.write(f"::stop-commands::{fence}\n")
        try:
            yield self._out
        finally:
            self._out.write(f"\n::{fence}::\n")
            self._out.flush()

    def mask(self, secret: str) -> None:
        """Have the runner hide *secret* in all that follows; not obeyed inside a fence."""
        self._out.write(f"::add-mask::{_data(secret)}\n")
        self._out.flush()

    def annotate(self, level: Level, message: str, **properties: str | int) -> None:
        """An annotation; *properties* are GitHub's: title, file, line, endLine."""
        said = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
        self._out.write(f"::{level}{' ' if said else ''}{said}::{_data(message)}\n")
        self._out.flush()

    def set_outputs(self, values: Mapping[str, str]) -> None:
        """The step's outputs."""
        if file := self._environ.get("GITHUB_OUTPUT"):
            fence = secrets.token_hex(16)
            lines = [f"{name}<<{fence}\n{value}\n{fence}\n" for name, value in values.items()]
            _append(Path(file), "".join(lines))

    def summarise(self, markdown: str) -> None:
        """Add to the job's summary."""
        if file := self._environ.get("GITHUB_STEP_SUMMARY"):
            _append(Path(file), f"{markdown[:_MOST_SUMMARY]}\n")


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8", newline="\n") as there:
        there.write(text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
