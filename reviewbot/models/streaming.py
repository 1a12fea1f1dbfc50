"""One streamed answer of an OpenAI-compatible endpoint, and when its parts came.

Faults, the learning of parameters and the guarded transport are those of whole answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx2

from reviewbot.models.completion import Completion, load, read_delta
from reviewbot.models.dialect import Shape
from reviewbot.models.endpoint import CUT_OFF, NO_KEY, Endpoint, messages_of, timeouts
from reviewbot.models.faults import Fault, Kind, Refusal
from reviewbot.models.transport import guarded_client
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.money import Usage
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import EndpointConfig
    from reviewbot.review.ports import Prompt

_FIELD = b"data:"
_END = b"[DONE]"
_OK = 200
_PARAMETER_STATUSES = frozenset({400, 422})


@dataclass(frozen=True, slots=True)
class Streamed:
    """When an answer came, in seconds since it was asked for; *usage* is None unless counted.

    *pieces* is how many events held text; *thoughts* whether some of it was thinking.
    """

    first: float
    last: float
    total: float
    pieces: int
    thoughts: bool
    usage: Usage | None
    model: str


class StreamingEndpoint(Endpoint):
    """Asks for plain text, streamed; safe between threads."""

    def __init__(self, config: EndpointConfig, clock: Clock | None = None) -> None:
        super().__init__(config, clock)
        self._uncounted: set[str] = set()  # models that take no stream_options
        self._line = guarded_client(config.proxy)

    def stream(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Streamed:
        """Send one request, over within *seconds*; raises Fault, as ``ask`` does."""
        dialect = self._dialects.of(upstream)
        parameters = replace(dialect, shape=Shape.NONE).parameters(prompt, output_cap)
        if upstream not in self._uncounted:
            parameters["stream_options"] = {"include_usage": True}
        heard = self._hear(upstream, prompt, parameters, timeouts(seconds, connect))
        said = self._understood(heard, upstream) if isinstance(heard, _Transcript) else heard
        if isinstance(said, Refusal):
            said = self._uncountable(said, upstream) or self._refused(said, upstream, dialect)
        if isinstance(said, Fault):
            raise said
        assert isinstance(heard, _Transcript)  # noqa: S101 - only one is understood
        return heard.told(self._shown(said.model))

    def close(self) -> None:
        """Give the connections back."""
        super().close()
        self._line.close()

    def _hear(
        self, upstream: str, prompt: Prompt, parameters: Mapping[str, Any], timeout: httpx2.Timeout
    ) -> _Transcript | Refusal | Fault:
        """Send the request, and listen to the end; the watch runs from the sending on."""
        body = {"model": upstream, "messages": messages_of(prompt), "stream": True, **parameters}
        key = self.config.api_key or NO_KEY
        try:
            request = self._line.build_request(
                "POST",
                f"{self.config.base_url.rstrip('/')}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {key}", "Accept": "text/event-stream"},
                timeout=timeout,
            )
            transcript = _Transcript(self._clock.monotonic)
            response = self._line.send(request, stream=True)
            with closing(response):
                for piece in response.iter_bytes():
                    transcript.hear(piece)
        except httpx2.TransportError as error:
            return self._broken(error)
        except (httpx2.InvalidURL, ValueError):
            return self._unsendable()
        transcript.end()
        if response.status_code != _OK:
            return Refusal.read(response.status_code, response.headers, load(transcript.whole))
        return transcript

    def _understood(self, heard: _Transcript, upstream: str) -> Completion | Refusal | Fault:
        """What a body with status 200 was, which need not be a stream."""
        completion = heard.completion()
        if heard.error is not None:
            return self._error_within(heard.error, completion, upstream)
        if not heard.events:
            whole = self._read(heard.whole, upstream)
            if not isinstance(whole, Completion):
                return whole
            return self._fault(Kind.REFUSED, "no-stream", whole.usage, "does not stream")
        if heard.garbled:
            return self._fault(Kind.GARBLED, "bad-event", heard.usage, "streamed what is no JSON")
        if not heard.ended and not heard.finish:
            return self._fault(Kind.UNKNOWN_END, "broken", heard.usage, "broke the answer off")
        return self._unusable(completion) or completion

    def _fault(self, kind: Kind, code: str, usage: Usage | None, did: str) -> Fault:
        ending = Ending.UNKNOWN if usage is None else Ending.GARBLED
        return Fault(kind, f"{self.config.name} {did}", Attempt(ending, usage, error=code))

    def _uncountable(self, refusal: Refusal, upstream: str) -> Fault | None:
        """Learn that a model counts nothing in streams; None where the refusal is about others."""
        words = f"{refusal.parameter} {refusal.message} {refusal.code}".lower()
        told = refusal.status in _PARAMETER_STATUSES and "stream_options" in words
        if not told or upstream in self._uncounted:
            return None
        self._uncounted.add(upstream)
        attempt = Attempt(Ending.REFUSED, error=f"http-{refusal.status}")
        return Fault(Kind.UNFIT, f"{self.config.name} counts no tokens in streams", attempt)


class _Transcript:
    """What was heard of a stream, and when."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._begun = monotonic()
        self._first = self._last = self._total = 0.0
        self._pieces = 0
        self._thoughts = False
        self._model = ""
        self.finish = ""
        self.usage: Usage | None = None
        self.events = 0
        self.ended = False
        self.garbled = False
        self.error: Mapping[str, object] | None = None
        self.whole = b""  # the body, as long as it has no events
        self._rest = b""  # the line that is not yet whole

    def end(self) -> None:
        """Stop the watch."""
        self._total = self._elapsed()

    def hear(self, piece: bytes) -> None:
        """Take a piece of the body, which may end anywhere."""
        at = self._elapsed()
        if not self.events:
            self.whole += piece
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(_FIELD):
                self._take(line.removeprefix(_FIELD).strip(), at)

    def _take(self, data: bytes, at: float) -> None:
        self.events += 1
        if data == _END:
            self.ended = True
            return
        body = load(data)
        if not isinstance(body, Mapping):
            self.garbled = True
            return
        if body.get("error"):
            self.error = body
            return
        delta = read_delta(body)
        if delta.text:
            self._first = self._first if self._pieces else at
            self._last = at
            self._pieces += 1
        self._thoughts = self._thoughts or delta.thought
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        self._model = delta.model or self._model

    def completion(self) -> Completion:
        """The answer as a whole; its text says only whether there was any.

        A text that ended at its cap is whole here: that is what was asked for.
        """
        capped = self._pieces and self.finish in CUT_OFF
        finish = "stop" if capped else self.finish
        return Completion("…" if self._pieces else "", finish, self.usage, self._model)

    def told(self, model: str) -> Streamed:
        """The times of an answer that can be used."""
        return Streamed(
            self._first,
            self._last,
            self._total,
            self._pieces,
            self._thoughts,
            self.usage,
            model,
        )

    def _elapsed(self) -> float:
        return self._monotonic() - self._begun
