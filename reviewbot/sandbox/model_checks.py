"""What an OpenAI-compatible endpoint refuses, in OpenAI's words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.sandbox.model_manners import Manners

_PARAMETERS = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "response_format",
        "stream",
        "stream_options",
    }
)
_ROLES = frozenset({"system", "developer", "user", "assistant"})
_SCHEMA_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_HOTTEST = 2


@dataclass(eq=False)
class Refused(Exception):
    """What the endpoint does not do, in OpenAI's error format."""

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400
    headers: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)

    def as_json(self) -> dict[str, Any]:
        """The refusal's body."""
        failed = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = "server_error" if failed else "invalid_request_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


def read_body(media_type: str, data: bytes) -> dict[str, Any]:
    """A request's body, which must be a JSON object that says so."""
    if media_type != "application/json":
        message = f"Unsupported media type {media_type!r}: send application/json."
        raise Refused(message, None, "unsupported_media_type", status=415)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        message = "We could not parse the JSON body of your request."
        raise Refused(message)
    return body


def known_model(body: dict[str, Any], models: Mapping[str, Manners]) -> str:
    """The name of the model that is asked, which must exist."""
    name = body.get("model")
    _require(isinstance(name, str) and bool(name), "model", "you must provide a model parameter")
    if name not in models:
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise Refused(message, None, "model_not_found", status=404)
    return str(name)


def check(body: dict[str, Any], manners: Manners) -> None:
    """Refuse what OpenAI refuses, and what *manners* do not take."""
    for name in body:
        if name not in _PARAMETERS:
            message = f"Unrecognized request argument supplied: {name}"
            raise Refused(message, name, "unknown_parameter")
        if name in manners.refuses:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise Refused(message, name, "unsupported_parameter")
    _check_messages(body.get("messages"))
    _check_cap(body)
    _check_temperature(body)
    _check_format(body, manners)
    _check_stream(body)


def _check_messages(messages: object) -> None:
    usable = isinstance(messages, list) and bool(messages)
    _require(usable, "messages", "expected a non-empty array")
    for index, message in enumerate(messages if isinstance(messages, list) else []):
        place = f"messages[{index}]"
        _require(isinstance(message, dict), place, "expected an object")
        _require(set(message) <= {"role", "content", "name"}, place, "unknown field")
        _require(str(message.get("role")) in _ROLES, f"{place}.role", "unknown role")
        _require(isinstance(message.get("content"), str), f"{place}.content", "expected a string")


def _check_cap(body: dict[str, Any]) -> None:
    caps = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    _require(len(caps) <= 1, "max_tokens", "set either it or max_completion_tokens")
    for name in caps:
        value = body[name]
        usable = isinstance(value, int) and not isinstance(value, bool) and value > 0
        _require(usable, name, "expected an integer above 0")


def _check_temperature(body: dict[str, Any]) -> None:
    value = body.get("temperature", 0)
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    _require(usable and 0 <= value <= _HOTTEST, "temperature", "expected a number from 0 to 2")


def _check_stream(body: dict[str, Any]) -> None:
    streamed = body.get("stream", False)
    _require(isinstance(streamed, bool), "stream", "expected a boolean")
    options = body.get("stream_options")
    if options is not None:
        _require(streamed, "stream_options", "only allowed when 'stream' is set to true")
        usable = isinstance(options, dict) and set(options) <= {"include_usage"}
        _require(usable, "stream_options", "expected an object with include_usage")


def _check_format(body: dict[str, Any], manners: Manners) -> None:
    wanted = body.get("response_format", {"type": "text"})
    _require(isinstance(wanted, dict), "response_format", "expected an object")
    kind = wanted.get("type")
    if kind == "json_schema" and manners.supports_schema:
        _check_named_schema(wanted.get("json_schema"))
    elif kind == "json_object" and manners.supports_json_object:
        says = any("json" in message["content"].lower() for message in body["messages"])
        _require(says, "messages", "must contain the word 'json' to use json_object")
    else:
        _require(kind == "text", "response_format", f"type {kind!r} is not supported by this model")


def _check_named_schema(named: object) -> None:
    where = "response_format.json_schema"
    if not isinstance(named, dict):
        message = f"Missing required parameter: '{where}'."
        raise Refused(message, where, "missing_required_parameter")
    name = named.get("name")
    usable = isinstance(name, str) and bool(_SCHEMA_NAME.fullmatch(name))
    _require(usable, f"{where}.name", "expected 1 to 64 letters, digits, _ or -")
    schema = named.get("schema")
    _require(isinstance(schema, dict), f"{where}.schema", "expected an object")
    if named.get("strict") is True:
        for fault in _loose(schema):
            message = f"Invalid schema for response_format '{name}': {fault}"
            raise Refused(message, "response_format", "invalid_schema")


def _loose(schema: object) -> Iterator[str]:
    """Where a schema is not strict: every object closed, every property required."""
    if not isinstance(schema, dict):
        yield "a schema is an object"
        return
    properties = schema.get("properties", {})
    if "object" in _kinds(schema) or properties:
        if schema.get("additionalProperties") is not False:
            yield "'additionalProperties' is required to be supplied and to be false."
        if sorted(schema.get("required", ())) != sorted(properties):
            yield "'required' is required to name every key of 'properties'."
    inner = [*properties.values(), *schema.get("anyOf", ())]
    for each in (*inner, schema["items"]) if "items" in schema else inner:
        yield from _loose(each)


def _kinds(schema: dict[str, Any]) -> list[Any]:
    kind = schema.get("type")
    return kind if isinstance(kind, list) else [kind]


def _require(met: object, parameter: str, why: str) -> None:
    if not met:
        message = f"Invalid value for '{parameter}': {why}."
        raise Refused(message, parameter, "invalid_value")
