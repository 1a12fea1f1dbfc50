"""Reads the body of a chat completion, which may be anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.models.usage import read_cost, read_usage

if TYPE_CHECKING:
    from reviewbot.domain.money import PicoUsd, Usage


@dataclass(frozen=True, slots=True)
class Completion:
    """What an endpoint said; *text* is empty where it said nothing that can be used."""

    text: str
    finish: str  # in lower case
    usage: Usage | None
    model: str
    declined: bool = False  # the model answered that it will not
    reported: PicoUsd | None = None  # what the endpoint says that it billed


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event of a streamed answer adds; *usage* comes once, mostly at the end."""

    text: str
    thought: bool  # it holds thinking, which is no part of the answer
    declined: bool
    finish: str  # in lower case
    usage: Usage | None
    model: str
    reported: PicoUsd | None

    @property
    def speaks(self) -> bool:
        """Whether it holds text, be it of the answer or of the thinking before it."""
        return bool(self.text) or self.thought


def load(body: bytes) -> object:
    """The body as JSON, or as text where it is none."""
    text = body.decode("utf-8-sig", errors="replace")
    try:
        loaded: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    return loaded


def read_completion(body: Mapping[str, object], *, believed: bool = False) -> Completion:
    """Find the answer of the first choice, and the cost where the endpoint is believed it."""
    choice = _first(body.get("choices"))
    message = _mapping(choice.get("message"))
    finish = choice.get("finish_reason")
    model = body.get("model")
    usage, cost = read_usage(body.get("usage")), read_cost(body.get("usage"))
    return Completion(
        text=_text(message.get("content")),
        finish=finish.lower() if isinstance(finish, str) else "",
        usage=replace(usage, told=cost) if usage and believed else usage,
        model=model if isinstance(model, str) else "",
        declined=bool(message.get("refusal")),
        reported=cost,
    )


def read_delta(body: Mapping[str, object]) -> Delta:
    """Find what the first choice adds."""
    choice = _first(body.get("choices"))
    delta = _mapping(choice.get("delta"))
    finish, model = choice.get("finish_reason"), body.get("model")
    counted = body.get("usage") or choice.get("usage")  # Kimi counts inside the choice
    return Delta(
        text=_joined(delta.get("content")),
        thought=any(_is_said(delta.get(name)) for name in ("reasoning_content", "reasoning")),
        declined=_is_said(delta.get("refusal")),
        finish=finish.lower() if isinstance(finish, str) else "",
        usage=read_usage(counted),
        model=model if isinstance(model, str) else "",
        reported=read_cost(counted),
    )


def _is_said(text: object) -> bool:
    return isinstance(text, str) and bool(text)


def _first(choices: object) -> Mapping[str, object]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(content: object) -> str:
    """The content; empty where it is blank."""
    text = _joined(content)
    return text if text.strip() else ""


def _joined(content: object) -> str:
    """A string, or a list of parts."""
    if isinstance(content, list):
        parts = (_mapping(part).get("text") for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""
