"""One OpenAI-compatible endpoint: a request, and what came of it.

The SDK never asks twice, because every HTTP attempt needs a reservation of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import httpx2

from reviewbot.domain.phrase import Phrase, joined
from reviewbot.models.clock import Clock
from reviewbot.models.companion_refusal import over_budget
from reviewbot.models.completion import load, read_completion
from reviewbot.models.dialects import Dialects
from reviewbot.models.faults import (
    HUNG,
    UNREACHED,
    Fault,
    Kind,
    Refusal,
    classify,
    is_too_long,
    tidy,
)
from reviewbot.models.transport import Garbled, TooLarge, guarded_client
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import OpenAI
    from openai.types.chat import ChatCompletionMessageParam

    from reviewbot.domain.money import PicoUsd, Usage
    from reviewbot.models.completion import Completion
    from reviewbot.models.config import EndpointConfig
    from reviewbot.models.dialect import Dialect
    from reviewbot.models.dialects import Lessons
    from reviewbot.review.ports import Prompt

T = TypeVar("T")

_ERROR_STATUSES = range(400, 600)
_NO_STATUS = 502  # of an error in a body with 200 that names none
NO_KEY = "none"  # for endpoints that want no key; the SDK wants one
_SHORTEST_KEY = 6  # a shorter one stands for none, and may be a word
_WITHOUT_MODELS = frozenset({404, 405})  # an endpoint need not list its models
CUT_OFF = frozenset({"length", "max_tokens"})
_DECLINED = frozenset({"content_filter", "sensitive"})
_BROKEN_DOWN = frozenset({"network_error", "insufficient_system_resource", "error"})


@dataclass(frozen=True, slots=True)
class Told:
    """An answer's text; *usage* is None unless the endpoint counted."""

    text: str
    usage: Usage | None
    model: str  # the name that the endpoint answered with
    latency_ms: int
    first_token_ms: int = 0  # 0 where the answer was not streamed
    reported: PicoUsd | None = None  # what the endpoint says that it billed


class Endpoint:
    """Speaks to one endpoint; safe between threads. Its key is in no text that it makes."""

    def __init__(
        self, config: EndpointConfig, clock: Clock | None = None, lessons: Lessons | None = None
    ) -> None:
        self.config = config
        self._clock = clock or Clock.real()
        self._dialects = Dialects(config.base_url, lessons)
        self._lock = threading.Lock()
        self._opened: OpenAI | None = None

    def ask(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Told:
        """Send one request, over within *seconds*; raises Fault.

        A Fault of kind UNFIT means that the next request will be put in other words.
        """
        dialect = self._dialects.of(upstream)

        def send(client: OpenAI) -> bytes:
            return client.chat.completions.with_raw_response.create(
                model=upstream,
                messages=messages_of(prompt),
                extra_body=dialect.parameters(prompt, output_cap),
                timeout=timeouts(seconds, connect),
            ).http_response.content

        self.get_ready()
        begun = self._clock.monotonic()
        sent_back = self._exchange(send)
        latency = round((self._clock.monotonic() - begun) * 1000)
        said = self._read(sent_back, upstream) if isinstance(sent_back, bytes) else sent_back
        if isinstance(said, Refusal):
            said = self._refused(said, upstream, dialect)
        if isinstance(said, Fault):
            raise said.after(latency)
        return self._told(said, latency)

    def get_ready(self) -> None:
        """Set up what the first request needs, so that its time is the endpoint's alone."""
        with suppress(httpx2.InvalidURL, ValueError):  # which the request tells of
            self._client()

    def probe(self, seconds: float = 10.0, connect: float = 5.0) -> None:
        """Ask for the list of models, which costs nothing; raises Fault."""

        def send(client: OpenAI) -> bytes:
            timeout = timeouts(seconds, connect)
            return client.models.with_raw_response.list(timeout=timeout).http_response.content

        said = self._exchange(send)
        if isinstance(said, bytes):
            if isinstance(load(said), Mapping):
                return
            said = self._page()
        if isinstance(said, Refusal):
            if said.status in _WITHOUT_MODELS:
                return
            said = classify(self._without_key(said), self.config.name, "its models")
        raise said

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _client(self) -> OpenAI:
        from openai import OpenAI

        with self._lock:
            if self._opened is None:
                # Said outright, or the SDK would take keys and headers out of the environment.
                key = self.config.api_key or NO_KEY
                self._opened = OpenAI(
                    api_key=key,
                    admin_api_key="",
                    base_url=self.config.base_url,
                    max_retries=0,
                    default_headers={"Authorization": f"Bearer {key}"},
                    http_client=guarded_client(self.config.proxy),
                )
            return self._opened

    def _exchange(self, send: Callable[[OpenAI], T]) -> T | Refusal | Fault:
        """What was sent back; foreign errors end here, for their texts may hold the key."""
        from openai import APIConnectionError, APIStatusError

        try:
            return send(self._client())
        except APIStatusError as error:
            body = load(error.response.content)
            now = self._clock.now()
            return Refusal.read(error.status_code, error.response.headers, body, now)
        except APIConnectionError as error:
            return self._broken(error.__cause__)
        except (httpx2.InvalidURL, ValueError):
            return self._unsendable()

    def _broken(self, cause: BaseException | None) -> Fault:
        """No whole answer came: what that says of the bill."""
        name = self.config.name
        match cause:
            case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
                is_slow = isinstance(cause, httpx2.ConnectTimeout)
                attempt = Attempt(Ending.REFUSED, error=UNREACHED if is_slow else "no-connection")
                return Fault(
                    Kind.OVERLOADED, Phrase("{endpoint} cannot be reached", endpoint=name), attempt
                )
            case httpx2.ProxyError():
                attempt = Attempt(Ending.REFUSED, error="proxy")
                return Fault(
                    Kind.OVERLOADED,
                    Phrase("the proxy does not reach {endpoint}", endpoint=name),
                    attempt,
                )
            case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
                return self._unsendable()
            case TooLarge() | Garbled():
                message = Phrase(
                    "{endpoint} sent an answer that is too large or cannot be decoded",
                    endpoint=name,
                )
                return Fault(Kind.GARBLED, message, Attempt(Ending.UNKNOWN, error="too-large"))
            case httpx2.TimeoutException():
                message = Phrase("{endpoint} did not answer in time", endpoint=name)
                return Fault(Kind.UNKNOWN_END, message, Attempt(Ending.UNKNOWN, error=HUNG))
            case _:
                message = Phrase("the connection to {endpoint} broke", endpoint=name)
                return Fault(Kind.UNKNOWN_END, message, Attempt(Ending.UNKNOWN, error="broken"))

    def _unsendable(self) -> Fault:
        message = Phrase(
            "no request can be made for {endpoint}: check its base_url and API key",
            endpoint=self.config.name,
        )
        return Fault(Kind.REFUSED, message, Attempt(Ending.REFUSED, error="unsendable"))

    def _refused(self, refusal: Refusal, upstream: str, spoken: Dialect) -> Fault:
        """Learn from a refusal what can be learned; the rest is final."""
        refusal = self._without_key(refusal)
        if self.config.is_companion and (fault := over_budget(refusal, self.config.name)):
            return fault
        long = is_too_long(refusal)  # its text may name parameters, but they are not the matter
        if not long and self._dialects.learn(upstream, spoken, refusal) is not None:
            return self._unfit(refusal, upstream)
        fault = classify(refusal, self.config.name, upstream)
        if self.config.is_companion and refusal.message:
            # Its words are fixed ones of our own, and say what to do.
            said = tidy(refusal.message)
            message = joined((self.config.name, said), ": ")
            return Fault(fault.kind, message, fault.attempt, fault.retry_after)
        return fault

    def _unfit(self, refusal: Refusal, upstream: str) -> Fault:
        """What was learned from will not be sent again."""
        message = Phrase(
            "{endpoint} does not take a parameter for {model}",
            endpoint=self.config.name,
            model=upstream,
        )
        return Fault(Kind.UNFIT, message, Attempt(Ending.REFUSED, error=f"http-{refusal.status}"))

    def _read(self, content: bytes, upstream: str) -> Completion | Refusal | Fault:
        """What a body with status 200 holds, which need not be an answer."""
        body = load(content)
        if not isinstance(body, Mapping):
            return self._page() if _is_page(body) else self._noise()
        completion = read_completion(body, believed=self.config.is_companion)
        if body.get("error") and not completion.text:
            return self._error_within(body, completion, upstream)
        return self._unusable(completion) or completion

    def _error_within(
        self, body: Mapping[str, object], completion: Completion, upstream: str
    ) -> Refusal | Fault:
        """Some endpoints say 200 and mean an error; its code is a status then."""
        error = body["error"]
        code = error.get("code") if isinstance(error, Mapping) else None
        status = code if isinstance(code, int) and code in _ERROR_STATUSES else _NO_STATUS
        refusal = Refusal.read(status, {}, body)
        if completion.usage is None:
            return refusal
        fault = classify(self._without_key(refusal), self.config.name, upstream)
        attempt = replace(fault.attempt, ending=Ending.GARBLED, usage=completion.usage)
        return fault.billed(replace(attempt, reported=completion.reported))

    def _unusable(self, completion: Completion) -> Fault | None:
        """Why an answer cannot be used, None where it can; it is billed all the same."""
        name, finish = self.config.name, completion.finish
        if finish in _BROKEN_DOWN:
            kind, code, message = (
                Kind.OVERLOADED,
                "broke-off",
                Phrase("{endpoint} broke the answer off", endpoint=name),
            )
        elif finish in _DECLINED or (completion.declined and not completion.text):
            kind, code, message = (
                Kind.REFUSED,
                "declined",
                Phrase("{endpoint} declined to answer", endpoint=name),
            )
        elif finish in CUT_OFF:
            kind, code, message = (
                Kind.CUT_OFF,
                "cut-off",
                Phrase("the answer was longer than allowed"),
            )
        elif not completion.text:
            kind, code, message = Kind.GARBLED, "empty", Phrase("the answer was empty")
        else:
            return None
        ending = Ending.UNKNOWN if completion.usage is None else Ending.GARBLED
        model, reported = self._shown(completion.model), completion.reported
        attempt = Attempt(ending, completion.usage, model, error=code, reported=reported)
        return Fault(kind, message, attempt)

    def _page(self) -> Fault:
        message = Phrase(
            "{endpoint} answered, but not with JSON: check its base_url", endpoint=self.config.name
        )
        return Fault(Kind.REFUSED, message, Attempt(Ending.UNKNOWN, error="no-json"))

    def _noise(self) -> Fault:
        """No page either: half an answer, or a gateway's; another try may bring a whole one."""
        return Fault(
            Kind.UNKNOWN_END, self._page().message, Attempt(Ending.UNKNOWN, error="no-json")
        )

    def _told(self, said: Completion, latency: int, first_token: int = 0) -> Told:
        model = self._shown(said.model)
        return Told(said.text, said.usage, model, latency, first_token, said.reported)

    def _without_key(self, refusal: Refusal) -> Refusal:
        return replace(refusal, message=self._scrubbed(refusal.message))

    def _shown(self, model: str) -> str:
        return tidy(self._scrubbed(model))

    def _scrubbed(self, text: str) -> str:
        key = self.config.api_key
        return text.replace(key, "[key]") if len(key) >= _SHORTEST_KEY else text


def messages_of(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    """A prompt as the SDK takes it."""
    return [
        {"role": "system", "content": _sendable(prompt.system)},
        {"role": "user", "content": _sendable(prompt.user)},
    ]


def timeouts(seconds: float, connect: float) -> httpx2.Timeout:
    """The read time-out is the total one for a guarded client."""
    return httpx2.Timeout(seconds, connect=min(connect, seconds))


def _is_page(body: object) -> bool:
    return isinstance(body, str) and body.lstrip().startswith("<")


def _sendable(text: str) -> str:
    """Half characters, which JSON on the wire cannot hold, become question marks."""
    return text.encode(errors="replace").decode()
