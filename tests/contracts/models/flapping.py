"""A model endpoint that fails in every way there is, and counts what it would bill."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from reviewbot.domain.egress import Egress
from reviewbot.sandbox.reader import answer
from tests.contracts.models.scripted import Reply, Scripted, refuses

if TYPE_CHECKING:
    from tests.contracts.models.scripted import Heard

_BYTES_PER_TOKEN = 4
_PIECE = 12  # characters of an event
_STREAK = 4  # requests that one trouble lasts, at the most


class Mood(Enum):
    """How a request is met."""

    WELL = "answered"
    THROTTLES = "429"
    BREAKS = "500"
    GATEWAY = "502: nobody knows whether it was billed"
    HANGS = "nothing until long after the deadline"
    RESETS = "the connection ends without an answer"
    GARBAGE = "200 and noise"
    GARBLED = "an answer that is no JSON"
    TRUNCATED = "an answer that was cut off"
    EMPTY = "an answer without text"
    UNCOUNTED = "an answer without usage"
    BREAKS_OFF = "the connection ends in the middle of an answer"


# Nobody learns what these cost.
UNKNOWN = frozenset(
    {Mood.GATEWAY, Mood.HANGS, Mood.RESETS, Mood.GARBAGE, Mood.UNCOUNTED, Mood.BREAKS_OFF}
)
_OFTEN = {Mood.WELL: 40, Mood.THROTTLES: 6, Mood.BREAKS: 6, Mood.RESETS: 5}
_SELDOM = 3
_PLAIN = {
    Mood.THROTTLES: refuses(429, "slow down", {"Retry-After": "0.01"}),
    Mood.BREAKS: refuses(500),
    Mood.GATEWAY: Reply(502, b"<html>Bad gateway</html>"),
    Mood.HANGS: Reply(drop=True),
    Mood.RESETS: Reply(drop=True),
    Mood.GARBAGE: Reply(body=b"\x00\xff<html>{]"),
}


class Flapping(Scripted):
    """Well for a while, then in trouble for some requests.

    It hangs for *hang* seconds, longer than the asker's deadline; for 0 it never does.
    """

    def __init__(self, seed: int, hang: float) -> None:
        super().__init__(Reply())
        self._random, self._hang = random.Random(seed), hang  # noqa: S311 - a script, not a secret
        self._guard = threading.Lock()
        self._mood, self._left = Mood.WELL, 0
        self.calm = False  # no more trouble
        self.moods: Counter[Mood] = Counter()
        self.served: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by prompt

    def reply_to(self, heard: Heard) -> Reply:
        digest = Egress.of(*(message["content"] for message in heard.body["messages"])).digest
        mood = self._next(digest)
        if mood is Mood.HANGS:
            time.sleep(self._hang)
        return _PLAIN[mood] if mood in _PLAIN else self._answer(heard.body, mood, digest)

    def _next(self, digest: str) -> Mood:
        with self._guard:
            if self._left == 0:
                moods = [mood for mood in Mood if self._hang or mood is not Mood.HANGS]
                often = [_OFTEN.get(mood, _SELDOM) for mood in moods]
                [self._mood] = self._random.choices(moods, often)
                self._left = self._random.randint(1, _STREAK)
            self._left -= 1
            mood = Mood.WELL if self.calm else self._mood
            self.moods[mood] += 1
            self.served[digest].update({"calls": 1, "presumed": mood in UNKNOWN})
            return mood

    def _answer(self, body: dict[str, Any], mood: Mood, digest: str) -> Reply:
        prompt = "\n".join(message["content"] for message in body["messages"])
        text = json.dumps(answer(prompt, strong=False))
        finish = "stop"
        if mood is Mood.TRUNCATED:
            text, finish = text[: len(text) // 2], "length"
        elif mood is Mood.GARBLED:
            text = "I am afraid that " + text[: len(text) // 2]
        elif mood is Mood.EMPTY:
            text = ""
        usage = {
            "prompt_tokens": len(prompt) // _BYTES_PER_TOKEN + 1,
            "completion_tokens": len(text) // _BYTES_PER_TOKEN + 1,
        }
        if mood not in UNKNOWN:
            with self._guard:
                counted = {
                    "tokens in": usage["prompt_tokens"],
                    "tokens out": usage["completion_tokens"],
                }
                self.served[digest].update(counted)
        shown = {} if mood is Mood.UNCOUNTED else {"usage": usage}
        reply = _streamed if body.get("stream") else _whole
        sent = reply(body["model"], text, finish, shown)
        return (
            replace(sent, body=sent.body[: len(sent.body) // 2])
            if mood is Mood.BREAKS_OFF
            else sent
        )


def _whole(model: str, text: str, finish: str, usage: dict[str, Any]) -> Reply:
    choice = {"index": 0, "finish_reason": finish, "message": {"content": text}}
    return Reply(body=json.dumps({"model": model, "choices": [choice], **usage}).encode())


def _streamed(model: str, text: str, finish: str, usage: dict[str, Any]) -> Reply:
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    bodies: list[dict[str, Any]] = [{"model": model, "choices": [choice]} for choice in choices]
    events = [*bodies, {"model": model, "choices": [], **usage}]
    lines = [": keep-alive", *(f"data: {json.dumps(each)}" for each in events), "data: [DONE]", ""]
    return Reply(body="\n\n".join(lines).encode(), headers={"Content-Type": "text/event-stream"})
