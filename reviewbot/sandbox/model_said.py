"""What a scripted model said, as one JSON body or as a stream of events at a known pace."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

    from reviewbot.sandbox.model_manners import Pace

BYTES_PER_TOKEN = 4
_WORD = "ipso"  # as long as a token


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; *usage* is None where the model does not count."""

    model: str
    content: str
    ending: str
    usage: dict[str, Any] | None
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self) -> dict[str, Any]:
        """The body of a chat completion."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.content, "refusal": None},
            "logprobs": None,
            "finish_reason": self.ending,
        }
        completion = self._frame("chat.completion", [choice])
        return completion if self.usage is None else completion | {"usage": self.usage}

    def events(self, pacing: Pacing, *, wants_usage: bool) -> Iterator[bytes]:
        """Server-sent events, a token each; without a pace all at once."""
        yield self._chunk({"role": "assistant", "content": ""})
        for number, token in enumerate(_tokens(self.content)):
            pacing.wait_for(number)
            yield self._chunk({"content": token})
        yield self._chunk({}, self.ending)
        if wants_usage and self.usage is not None:
            yield _event(self._frame("chat.completion.chunk", []) | {"usage": self.usage})
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], ending: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
        return _event(self._frame("chat.completion.chunk", [choice]))

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        frame = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return frame | {"choices": choices}


@dataclass(frozen=True, slots=True)
class Pacing:
    """A pace that began when a request *arrived*; without one nothing waits."""

    pace: Pace | None
    arrived: float  # by the monotonic clock
    over: Event

    def wait_for(self, token: int) -> None:
        """Wait until a token is due: by the clock, so that lateness does not add up."""
        if self.pace is not None:
            due = self.arrived + self.pace.first + token / self.pace.speed
            self.over.wait(max(0.0, due - time.monotonic()))


def filler(tokens: int) -> str:
    """Text of so many tokens."""
    return _WORD * tokens


def _tokens(content: str) -> Iterator[str]:
    for at in range(0, len(content), BYTES_PER_TOKEN):
        yield content[at : at + BYTES_PER_TOKEN]


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"
