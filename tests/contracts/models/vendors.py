"""Endpoints that take, refuse and count as their vendors do.

Each is reached under its vendor's own host name: the server on loopback is the proxy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import Usage
from tests.contracts.models.scripted import Reply, Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.contracts.models.scripted import Heard

Body = dict[str, Any]
COUNTED = {"prompt_tokens": 2_000, "completion_tokens": 50}


def error(status: int, message: str, **fields: object) -> Reply:
    """An error in OpenAI's form, with whatever fields the vendor adds."""
    return Reply(status, json.dumps({"error": {"message": message, **fields}}).encode())


@dataclass(frozen=True, slots=True)
class Vendor:
    """One model at one vendor: *refuses* says what of a body it does not take."""

    name: str
    host: str  # and the path below which its API lies
    model: str
    refuses: Callable[[Body], Reply | None]
    counts: Mapping[str, Any]
    usage: Usage
    lessons: int = 0  # requests that are refused before it is understood
    padding: bytes = b""  # what comes before the answer
    stream_lessons: int = 0  # the same, for what only streams ask
    counts_in_choice: bool = False  # where a stream has its usage

    def reply_to(self, body: Body) -> Reply:
        """What it sends back."""
        if body["model"] != self.model:
            return error(404, f"The model `{body['model']}` does not exist", code="not_found")
        if (refusal := self.refuses(body)) is not None:
            return refusal
        if body.get("stream"):
            return self._stream(counted=bool(body.get("stream_options", {}).get("include_usage")))
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": self.model,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": '{"findings":[]}'},
                }
            ],
            "usage": dict(self.counts),
        }
        return Reply(body=self.padding + json.dumps(answer).encode())

    def _stream(self, *, counted: bool) -> Reply:
        """The same answer in events, after keep-alives."""
        said: list[dict[str, Any]] = [
            {"delta": {"role": "assistant", "content": text}, "finish_reason": None}
            for text in ("", '{"find', 'ings":[]}')
        ]
        end: dict[str, Any] = {"delta": {}, "finish_reason": "stop"}
        usage: dict[str, Any] = {"usage": dict(self.counts)} if counted else {}
        if self.counts_in_choice:
            end |= usage
        bodies = [{"model": self.model, "choices": [{"index": 0, **each}]} for each in (*said, end)]
        if usage and not self.counts_in_choice:
            bodies.append({"model": self.model, "choices": [], **usage})
        events = [f"data: {json.dumps(each)}\n\n" for each in bodies]
        text = "".join([": keep-alive\n\n", *events, "data: [DONE]\n\n"])
        return Reply(
            body=self.padding + text.encode(), headers={"Content-Type": "text/event-stream"}
        )


class Selling(Scripted):
    """A vendor behind a proxy on loopback."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(Reply())
        self._vendor = vendor
        self.proxy = self.url.removesuffix("/v1")

    def reply_to(self, heard: Heard) -> Reply:
        super().reply_to(heard)
        return self._vendor.reply_to(heard.body)


# --- what each refuses -----------------------------------------------------------------------

_COMMON = {
    *("model", "messages", "temperature", "response_format", "max_tokens"),
    *("stream", "stream_options"),
}


def _unknown(body: Body, known: set[str]) -> Reply | None:
    for name in set(body) - known:
        return error(
            400,
            f"Unrecognized request argument supplied: {name}",
            type="invalid_request_error",
            param=name,
        )
    return None


def _format(body: Body) -> str:
    return str(body.get("response_format", {}).get("type", "text"))


def _objects_only(body: Body) -> Reply | None:
    if _format(body) == "json_schema":
        return error(400, "This response_format type is unavailable now", code="invalid_request")
    said = " ".join(str(message["content"]) for message in body["messages"])
    if _format(body) == "json_object" and "json" not in said.lower():
        return error(400, "Prompt must contain the word 'json' to use 'response_format'")
    return None


def _unsupported(name: str, instead: str = "") -> Reply:
    return error(
        400,
        f"Unsupported parameter: '{name}' is not supported with this model.{instead}",
        type="invalid_request_error",
        param=name,
        code="unsupported_parameter",
    )


def _gpt_4o(body: Body) -> Reply | None:
    if "reasoning_effort" in body:
        return _unsupported("reasoning_effort")
    return _unknown(body, _COMMON | {"max_completion_tokens"})


def _reasoning(efforts: set[str], *, cool: bool) -> Callable[[Body], Reply | None]:
    """A model that thinks: *cool* ones take a temperature while they do not."""

    def refuses(body: Body) -> Reply | None:
        if "max_tokens" in body:
            return _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
        effort = body.get("reasoning_effort", "medium")
        if effort not in efforts:
            message = f"Unsupported value: 'reasoning_effort' does not support '{effort}'"
            return error(400, message, param="reasoning_effort", code="unsupported_value")
        if body.get("temperature", 1) != 1 and not (cool and effort == "none"):
            message = (
                f"Unsupported value: 'temperature' does not support {body['temperature']} with"
                " this model. Only the default (1) value is supported."
            )
            return error(400, message, param="temperature", code="unsupported_value")
        return _unknown(body, _COMMON | {"max_completion_tokens", "reasoning_effort"})

    return refuses


def _deepseek(body: Body) -> Reply | None:
    return _objects_only(body) or _unknown(body, _COMMON | {"thinking"})


def _qwen(body: Body) -> Reply | None:
    if body.get("enable_thinking", True) and not body.get("stream"):
        message = "parameter.enable_thinking must be set to false for non-streaming calls"
        return error(400, message, code="invalid_parameter_error")
    return _unknown(body, _COMMON | {"enable_thinking"})


def _qwen_older(body: Body) -> Reply | None:
    if _format(body) == "json_schema":
        message = "'response_format.type' must be one of 'text', 'json_object'"
        return error(400, message, code="invalid_parameter_error")
    return _qwen(body)


def _glm(body: Body) -> Reply | None:
    if _format(body) == "json_schema" or not 0 <= body.get("temperature", 0) <= 1:
        return error(400, "Invalid API parameter, please check the documentation.", code="1210")
    return _unknown(body, _COMMON | {"thinking"})


def _kimi(body: Body) -> Reply | None:
    if "temperature" in body:
        message = "invalid temperature: only 1 is allowed for this model"
        return error(400, message, type="invalid_request_error")
    return _objects_only(body) or _unknown(body, _COMMON | {"thinking"})


def _lenient(body: Body) -> Reply | None:
    return _unknown(body, _COMMON | {"max_completion_tokens", "seed"})


def _barest(body: Body) -> Reply | None:
    """A server of one's own that forbids what it does not know, as FastAPI says it."""
    for name in set(body) - {"model", "messages", "max_tokens"}:
        detail = [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]
        return Reply(422, json.dumps({"detail": detail}).encode())
    return None


# --- the vendors -----------------------------------------------------------------------------

_PLAIN = Usage(2_000, 50)
_CACHED = Usage(2_000, 50, cached=1_536)
_OPENAI_COUNTS = {**COUNTED, "prompt_tokens_details": {"cached_tokens": 1_536, "audio_tokens": 0}}
_WRITING_COUNTS = {
    **COUNTED,
    "prompt_tokens_details": {"cached_tokens": 1_024, "cache_write_tokens": 512},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
_NULL_COUNTS = {**COUNTED, "total_tokens": 2_050, "prompt_tokens_details": None}
_DEEPSEEK_COUNTS = {
    **COUNTED,
    "prompt_cache_hit_tokens": 1_536,
    "prompt_cache_miss_tokens": 464,
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_KIMI_COUNTS = {**COUNTED, "total_tokens": 2_050, "cached_tokens": 1_536}
_PRICED_COUNTS = {**_OPENAI_COUNTS, "cost": 0.0005, "cost_details": {"upstream": None}}

_OPENAI = "api.openai.com/v1"
_NEW = _reasoning({"none", "low", "medium", "high"}, cool=True)

VENDORS = (
    Vendor("OpenAI gpt-4o", _OPENAI, "gpt-4o", _gpt_4o, _OPENAI_COUNTS, _CACHED),
    Vendor(
        "OpenAI gpt-5",
        _OPENAI,
        "gpt-5-mini",
        _reasoning({"minimal", "low", "medium", "high"}, cool=False),
        _WRITING_COUNTS,
        Usage(2_000, 50, cached=1_024, cache_write=512, reasoning=20),
    ),
    Vendor("OpenAI gpt-5.4", _OPENAI, "gpt-5.4-mini", _NEW, _OPENAI_COUNTS, _CACHED),
    Vendor(
        "OpenAI o-series",
        _OPENAI,
        "o4-mini",
        _reasoning({"low", "medium", "high"}, cool=False),
        _OPENAI_COUNTS,
        _CACHED,
    ),
    Vendor(
        "DeepSeek",
        "api.deepseek.com",
        "deepseek-v4-flash",
        _deepseek,
        _DEEPSEEK_COUNTS,
        _CACHED,
        padding=b"\n\n\n\n",  # keep-alives under load
    ),
    Vendor(
        "Qwen",
        "dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "qwen3-32b",
        _qwen,
        _OPENAI_COUNTS,
        _CACHED,
    ),
    Vendor(
        "Qwen without schemas",
        "dashscope.aliyuncs.com/compatible-mode/v1",
        "qwen3-8b",
        _qwen_older,
        _OPENAI_COUNTS,
        _CACHED,
        lessons=1,
    ),
    Vendor("GLM", "api.z.ai/api/paas/v4", "glm-5", _glm, _OPENAI_COUNTS, _CACHED),
    Vendor(
        "Kimi",
        "api.moonshot.ai/v1",
        "kimi-k2.6",
        _kimi,
        _KIMI_COUNTS,
        _CACHED,
        counts_in_choice=True,
    ),
    Vendor("OpenRouter", "openrouter.ai/api/v1", "z/glm", _lenient, _PRICED_COUNTS, _CACHED),
    Vendor(
        "Azure",
        "res.openai.azure.com/openai/v1",
        "our-deployment",
        _reasoning({"minimal", "low", "medium", "high"}, cool=False),
        _OPENAI_COUNTS,
        _CACHED,
        lessons=1,  # a deployment's name does not say which model it is
    ),
    Vendor("vLLM", "gpu.internal/v1", "Qwen/Qwen3-Coder", _lenient, _NULL_COUNTS, _PLAIN),
    Vendor("Ollama", "ollama.internal/v1", "qwen3:8b", _lenient, COUNTED, _PLAIN),
    Vendor(
        *("unknown", "llm.example/v1", "small", _barest, COUNTED, _PLAIN),
        lessons=3,
        stream_lessons=2,  # neither the options nor the stream itself
    ),
    Vendor("GLM elsewhere", "llm.example/glm", "glm-5", _glm, COUNTED, _PLAIN, lessons=1),
    Vendor("gpt-5 elsewhere", "llm.example/v1", "gpt-5", _NEW, COUNTED, _PLAIN, lessons=2),
    Vendor("Qwen elsewhere", "llm.example/q", "qwen3", _qwen, COUNTED, _PLAIN, lessons=1),
)
