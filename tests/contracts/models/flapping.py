"""A model endpoint that fails in every way there is, and counts what it would bill."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.reader import answer
from tests.contracts.models.scripted import Reply, Scripted, refuses

if TYPE_CHECKING:
    from tests.contracts.models.scripted import Heard

_BYTES_PER_TOKEN = 4
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
        self.tokens_in = self.tokens_out = 0  # what it told that it billed

    def reply_to(self, heard: Heard) -> Reply:
        mood = self._next()
        if mood is Mood.HANGS:
            time.sleep(self._hang)
        return _PLAIN[mood] if mood in _PLAIN else self._answer(heard.body, mood)

    def _next(self) -> Mood:
        with self._guard:
            if self._left == 0:
                moods = [mood for mood in Mood if self._hang or mood is not Mood.HANGS]
                often = [_OFTEN.get(mood, _SELDOM) for mood in moods]
                [self._mood] = self._random.choices(moods, often)
                self._left = self._random.randint(1, _STREAK)
            self._left -= 1
            mood = Mood.WELL if self.calm else self._mood
            self.moods[mood] += 1
            return mood

    def _answer(self, body: dict[str, Any], mood: Mood) -> Reply:
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
        message = {"role": "assistant", "content": text}
        said = {
            "id": "1",
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": finish, "message": message}],
            "usage": usage,
        }
        if mood is Mood.UNCOUNTED:
            del said["usage"]
        else:
            with self._guard:
                self.tokens_in += usage["prompt_tokens"]
                self.tokens_out += usage["completion_tokens"]
        return replace(Reply(), body=json.dumps(said).encode())
