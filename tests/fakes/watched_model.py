"""A scripted model that remembers who was asked about what, and answers when it is let."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from reviewbot.sandbox.model import SandboxModel
from reviewbot.sandbox.reader import read_chunks
from tests.fakes.patience import PATIENCE

if TYPE_CHECKING:
    from flask import Response


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came in: a model, and the files of the chunks in it."""

    model: str
    paths: tuple[str, ...]


class WatchedModel(SandboxModel):
    """The sandbox's models behind a gate: calls about a held file wait until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self._change = threading.Condition()
        self._asked: list[Asked] = []
        self._held: set[str] = set()
        self.prompts: list[str] = []  # bodies of requests, as they came in

    def _let_go(self) -> None:
        with self._change:
            self._held.clear()
            self._change.notify_all()
        super()._let_go()

    def hold(self, *paths: str) -> None:
        """Let calls about *paths* wait."""
        with self._change:
            self._held.update(paths)

    def let_go(self, *paths: str) -> None:
        """Answer calls about *paths*, those that wait and those to come."""
        with self._change:
            self._held.difference_update(paths)
            self._change.notify_all()

    def wait_until_asked(self, path: str, times: int = 1) -> None:
        """Return when so many calls about *path* have come in."""
        with self._change:
            come = self._change.wait_for(lambda: self.times(path) >= times, PATIENCE)
        assert come, f"{path} was asked about {self.times(path)} times, not {times}"

    def times(self, path: str, model: str = "") -> int:
        """How often a file was asked about, answered or not."""
        with self._change:
            return sum(path in each.paths and model in {"", each.model} for each in self._asked)

    def complete(self) -> Response:
        """Answer as the sandbox does, once the gate is open."""
        asked = _read(request.get_data())
        with self._change:
            self.prompts.append(request.get_data(as_text=True))
            self._asked.append(asked)
            self._change.notify_all()
            self._change.wait_for(lambda: self._held.isdisjoint(asked.paths))
        return super().complete()


def _read(body: bytes) -> Asked:
    said = json.loads(body)
    prompt = "\n".join(each["content"] for each in said["messages"] if each["role"] == "user")
    return Asked(said["model"], tuple(chunk.path for chunk in read_chunks(prompt)))
