"""What an endpoint takes for a model, guessed from its address and learned from its refusals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.models.faults import Refusal
    from reviewbot.review.ports import Prompt


class Shape(Enum):
    """How an answer's shape is asked for, the best way first."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    NONE = "text"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The parameters of a chat completion that one endpoint takes for one model."""

    shape: Shape = Shape.SCHEMA
    cap: str = "max_tokens"
    caps_tried: int = 1
    temperature: float | None = 0.0
    quiet: tuple[tuple[str, Any], ...] = ()  # what switches thinking off
    streams: bool = True  # rather than answering in one piece, whatever is asked
    counts_streams: bool = True  # takes stream_options

    def parameters(self, prompt: Prompt, output_cap: int) -> dict[str, Any]:
        """Everything of a request's body but model and messages."""
        body: dict[str, Any] = {self.cap: output_cap, **dict(self.quiet)}
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.shape is Shape.SCHEMA:
            schema = {"name": "review", "strict": True, "schema": json.loads(prompt.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.shape is Shape.OBJECT:
            body["response_format"] = {"type": "json_object"}
        return body

    def without(self, refusal: Refusal) -> Dialect | None:
        """The dialect that avoids what was refused, None where the refusal is about others."""
        said = f"{refusal.message} {refusal.code}".lower()
        if refusal.status not in _PARAMETER_STATUSES:
            broke_down = refusal.status == _BREAKDOWN and _SHAPE_WORDS.search(said)
            return self._weaker() if broke_down else None
        for words in (refusal.parameter, said):
            if words and (changed := self._avoiding(words)) is not None:
                return changed
        return self._simpler() if _NAMELESS.search(refusal.message) else None

    def _weaker(self) -> Dialect | None:
        return None if self.shape is Shape.NONE else replace(self, shape=_WEAKER[self.shape])

    def _simpler(self) -> Dialect | None:
        """Without the least common parameter, for who refuses one and does not say which."""
        if self.shape is not Shape.NONE:
            return self._weaker()
        if self.quiet:
            return replace(self, quiet=())
        return None if self.temperature is None else replace(self, temperature=None)

    def _avoiding(self, words: str) -> Dialect | None:
        if "enable_thinking must be set to false" in words:
            return self._with_thinking_off()
        if self.shape is not Shape.NONE and _SHAPE_WORDS.search(words):
            return self._weaker()
        if any(re.search(rf"\b{name}\b", words) for name, _ in self.quiet):
            return replace(self, quiet=())
        if self.caps_tried == 1 and re.search(r"\bmax_(completion_)?tokens\b", words):
            return replace(self, cap=_OTHER_CAP[self.cap], caps_tried=2)
        if self.temperature is not None and "temperature" in words:
            return replace(self, temperature=None)
        return None

    def _with_thinking_off(self) -> Dialect | None:
        off = ("enable_thinking", False)
        return None if off in self.quiet else replace(self, quiet=(*self.quiet, off))


_SHAPE_WORDS = re.compile(r"response_format|json_schema|json_object|structured output")
_PARAMETER_STATUSES = frozenset({400, 422, 501})
_BREAKDOWN = 500  # some servers break down over a shape that they cannot keep to, and say so
_NAMELESS = re.compile(
    r"\b(?:invalid|unknown|unsupported|unrecognized|unexpected|extra|additional)"
    r" (?:\w+ )?(?:parameter|argument|field|input|property|properties|key)s?\b|参数",
    re.IGNORECASE,
)
_WEAKER = {Shape.SCHEMA: Shape.OBJECT, Shape.OBJECT: Shape.NONE}
_OTHER_CAP = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_THINKING_OFF: Mapping[str, Any] = {"type": "disabled"}


# Whose caches of prompts need no asking: what begins as an earlier request did costs less.
_CACHING = (
    "api.openai.com",
    "openai.azure.com",
    "api.deepseek.com",
    "aliyuncs.com",
    "api.z.ai",
    "bigmodel.cn",
    "api.moonshot.ai",
    "api.moonshot.cn",
)


def caches_prefixes(base_url: str) -> bool:
    """Whether an endpoint is known to cache prompts by their prefix, all by itself."""
    return any(_is_at(base_url, host) for host in _CACHING)


def _is_at(base_url: str, suffix: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == suffix or host.endswith(f".{suffix}")


def guess(base_url: str, upstream: str) -> Dialect:
    """The dialect to begin with, by the vendor's host."""
    for suffix, vendor in _VENDORS.items():
        if _is_at(base_url, suffix):
            return vendor(upstream)
    return Dialect()


def _openai(upstream: str) -> Dialect:
    """Reasoning models spend the cap on thoughts, and take a temperature only without them."""
    name = upstream.lower()
    new = Dialect(cap="max_completion_tokens")
    if re.match(r"o\d", name):
        return replace(new, temperature=None, quiet=(("reasoning_effort", "low"),))
    if re.match(r"gpt-5(?!\.)", name):
        return replace(new, temperature=None, quiet=(("reasoning_effort", "minimal"),))
    if re.match(r"gpt-([5-9]|\d\d)", name):
        return replace(new, quiet=(("reasoning_effort", "none"),))
    return new


def _objects_without_thinking(_upstream: str) -> Dialect:
    return Dialect(shape=Shape.OBJECT, quiet=(("thinking", _THINKING_OFF),))


def _qwen(_upstream: str) -> Dialect:
    return Dialect(quiet=(("enable_thinking", False),))


def _kimi(_upstream: str) -> Dialect:
    return Dialect(shape=Shape.OBJECT, temperature=None, quiet=(("thinking", _THINKING_OFF),))


_VENDORS = {
    "api.openai.com": _openai,
    "openai.azure.com": _openai,
    "api.deepseek.com": _objects_without_thinking,
    "aliyuncs.com": _qwen,
    "api.z.ai": _objects_without_thinking,
    "bigmodel.cn": _objects_without_thinking,
    "api.moonshot.ai": _kimi,
    "api.moonshot.cn": _kimi,
}
