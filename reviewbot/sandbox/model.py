"""A strict OpenAI-compatible server on loopback whose models answer by a script."""

from __future__ import annotations

import json
import math
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from reviewbot.sandbox.model_checks import Refused, check, known_model, read_body
from reviewbot.sandbox.model_manners import Fault, Manners, Trouble
from reviewbot.sandbox.model_said import BYTES_PER_TOKEN, Pacing, Said, filler
from reviewbot.sandbox.reader import answer, answer_in_words, description, improvements
from reviewbot.sandbox.serving import Loopback, Served, drop
from reviewbot.sandbox.umpire import names_the_same

if TYPE_CHECKING:
    from collections.abc import Mapping

CHEAP_MODEL = "sandbox-cheap"
STRONG_MODEL = "sandbox-strong"
API_KEY = "sandbox-key"
_LARGEST_BODY = 8 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One request and what was counted; status 0 where no answer was sent."""

    model: str
    status: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What a server counted over all its calls."""

    calls: int
    answered: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class SandboxModel(Served):
    """Two scripted models at ``base_url``, alive inside a ``with``; *manners* are by name."""

    def __init__(
        self, api_key: str = API_KEY, manners: Mapping[str, Manners] | None = None
    ) -> None:
        names = (CHEAP_MODEL, STRONG_MODEL)
        self._manners = {name: Manners() for name in names} | dict(manners or {})
        self._faults = {name: deque(kept.faults) for name, kept in self._manners.items()}
        self._api_key = api_key
        self._seen: set[tuple[str, str]] = set()
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = Loopback(_application(self))
        self.base_url = f"{self._server.url}/v1"

    def _let_go(self) -> None:
        self._over.set()

    @property
    def calls(self) -> list[Call]:
        """Every completion that was asked for, in the order of the answers."""
        with self._lock:
            return list(self._calls)

    def totals(self, model: str | None = None) -> Totals:
        """The sums over all calls, or over one model's."""
        calls = [call for call in self.calls if model in {None, call.model}]
        return Totals(
            calls=len(calls),
            answered=sum(call.status == HTTPStatus.OK for call in calls),
            prompt_tokens=sum(call.prompt_tokens for call in calls),
            completion_tokens=sum(call.completion_tokens for call in calls),
            cached_tokens=sum(call.cached_tokens for call in calls),
        )

    def misbehave(self, model: str, *faults: Fault) -> None:
        """Queue troubles for a model's next requests."""
        with self._lock:
            self._faults[model].extend(faults)

    def models(self) -> Response:
        """Answer which models there are."""
        self._check_key()
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "sandbox"}
            for name in self._manners
        ]
        return _json({"object": "list", "data": data})

    def complete(self) -> Response:
        """Answer one chat completion, or fail as the model's next fault says."""
        name, arrived = "", time.monotonic()
        try:
            self._check_key()
            body = read_body(request.mimetype, request.get_data())
            name = known_model(body, self._manners)
            manners = self._manners[name]
            check(body, manners)
            self._over.wait(manners.delay)
            fault = self._next_fault(name)
            if fault is not None:
                self._fail(name, fault)
        except Refused as refused:
            self._count(Call(name, refused.status))
            raise
        said = self._say(name, body, fault)
        if not body.get("stream"):
            return _json(said.whole())
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        events = said.events(Pacing(manners.pace, arrived, self._over), wants_usage=wants_usage)
        return Response(events, content_type="text/event-stream")

    def _check_key(self) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._api_key}":
            message = "Incorrect API key provided."
            raise Refused(message, None, "invalid_api_key", status=401)

    def _next_fault(self, name: str) -> Fault | None:
        with self._lock:
            return self._faults[name].popleft() if self._faults[name] else None

    def _fail(self, name: str, fault: Fault) -> None:
        """Let the caller down, where the trouble is none of the answer itself."""
        if fault.trouble is Trouble.STATUS:
            raise Refused(
                fault.message, None, fault.code, status=fault.status, headers=fault.headers
            )
        if fault.trouble in {Trouble.STALL, Trouble.DROP}:
            self._count(Call(name, 0))
            if fault.trouble is Trouble.STALL:
                self._over.wait()
            drop(request.environ)

    def _say(self, name: str, body: dict[str, Any], fault: Fault | None) -> Said:
        pace = self._manners[name].pace if body.get("stream") else None
        content = filler(pace.tokens) if pace else _content(name, body)
        if fault is not None and fault.trouble is Trouble.GARBLED:
            content = content[: len(content) // 2] + " … I could not go on."
        content, ending = _capped(content, body, self._manners[name].longest)
        call = self._counted(name, body, content)
        counted = fault is None or fault.trouble is not Trouble.NO_USAGE
        return Said(name, content, ending, _usage(call) if counted else None)

    def _counted(self, name: str, body: dict[str, Any], content: str) -> Call:
        """What a call took; a system message that the model has seen comes from its cache."""
        sizes = [_tokens(message["content"]) for message in body["messages"]]
        first = body["messages"][0]["content"]
        with self._lock:
            cached = sizes[0] if (name, first) in self._seen and len(sizes) > 1 else 0
            self._seen.add((name, first))
            call = Call(name, 200, sum(sizes), _tokens(content), cached)
            self._calls.append(call)
        return call

    def _count(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)


# --- answers ---------------------------------------------------------------------------------


def _usage(call: Call) -> dict[str, Any]:
    return {
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "total_tokens": call.prompt_tokens + call.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": call.cached_tokens},
    }


def _content(name: str, body: dict[str, Any]) -> str:
    prompt = "\n".join(m["content"] for m in body["messages"] if m["role"] == "user")
    rules = body["messages"][0]["content"]
    improving = rules.startswith("You suggest improvements")
    said = improvements(prompt) if improving else answer(prompt, strong=name != CHEAP_MODEL)
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    wanted = schema.get("properties", said)
    if set(wanted) == {"answer"}:
        said = {"answer": answer_in_words(prompt)}
    if "what" in wanted:
        said = description(prompt)
    if set(wanted) == {"same"}:
        said = {"same": names_the_same(prompt)}
    said = {key: value for key, value in said.items() if key in wanted}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _capped(content: str, body: dict[str, Any], longest: int) -> tuple[str, str]:
    allowed = (body.get("max_tokens"), body.get("max_completion_tokens"), longest)
    cap = min((most for most in allowed if most), default=0)
    if not cap or _tokens(content) <= cap:
        return content, "stop"
    cut = content.encode(errors="surrogatepass")[: cap * BYTES_PER_TOKEN]
    return cut.decode(errors="ignore"), "length"


def _tokens(text: str) -> int:
    return math.ceil(len(text.encode(errors="surrogatepass")) / BYTES_PER_TOKEN)


# --- HTTP ------------------------------------------------------------------------------------


def _application(server: SandboxModel) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=_LARGEST_BODY, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/v1/models", view_func=server.models)
    app.add_url_rule("/v1/chat/completions", view_func=server.complete, methods=["POST"])
    app.register_error_handler(Refused, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _refusal(refused: Refused) -> Response:
    response = _json(refused.as_json(), refused.status)
    response.headers.extend(refused.headers)
    return response


def _http_error(error: HTTPException) -> Response:
    message = f"{error.name}: {request.method} {request.path}"
    return _refusal(Refused(message, status=error.code or 500))


def _json(value: object, status: int = 200) -> Response:
    response = Response(json.dumps(value), status, content_type="application/json")
    response.headers["x-request-id"] = f"req_{uuid.uuid4().hex}"
    return response
