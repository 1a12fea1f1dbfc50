"""Streamed answers of an OpenAI-compatible endpoint.

Faults, the learning of parameters and the guarded transport are those of whole answers.
"""

from __future__ import annotations

import math
import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2

from reviewbot.domain.phrase import Phrase
from reviewbot.models.completion import Completion, load
from reviewbot.models.deadlines import DEADLINES
from reviewbot.models.dialect import Shape
from reviewbot.models.endpoint import CUT_OFF, NO_KEY, Endpoint, messages_of, timeouts
from reviewbot.models.faults import HUNG, Fault, Kind, Refusal, classify
from reviewbot.models.handle import current_handle
from reviewbot.models.transcript import Transcript
from reviewbot.models.transport import guarded_client
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.domain.money import Usage
    from reviewbot.models.clock import Clock
    from reviewbot.models.config import EndpointConfig
    from reviewbot.models.dialect import Dialect
    from reviewbot.models.dialects import Lessons
    from reviewbot.models.endpoint import Told
    from reviewbot.models.handle import Handle
    from reviewbot.review.ports import Prompt

_PARAMETER_STATUSES = frozenset({400, 422, 501})
_STREAM = re.compile(r"\bstream(?:ing|ed|s)?\b")
_MUTE = "no first token"  # why a handle was ended


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
    """Asks for streams; safe between threads. *first_token* bounds the wait for reviews."""

    def __init__(
        self,
        config: EndpointConfig,
        clock: Clock | None = None,
        first_token: float = 30.0,
        lessons: Lessons | None = None,
    ) -> None:
        super().__init__(config, clock, lessons)
        self._first_token = first_token
        self._line = guarded_client(config.proxy)

    def ask(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Told:
        """The whole answer, with the time of its first token; raises Fault.

        An endpoint that answers in one piece all the same is asked for that from then on.
        """
        if not self._dialects.of(upstream).streams:
            return super().ask(upstream, prompt, output_cap, seconds, connect)
        dialect = self._dialects.of(upstream)
        body = self._body(upstream, prompt, dialect.parameters(prompt, output_cap))
        begun = self._clock.monotonic()
        heard = self._hear(body, timeouts(seconds, connect), self._first_token)
        latency, first = round((self._clock.monotonic() - begun) * 1000), 0
        if isinstance(heard, Transcript):
            first = math.ceil(heard.first * 1000)  # 0 would mean that nothing was streamed
            latency = max(latency, first)
            said: Completion | Refusal | Fault = self._spoken(heard, upstream)
        else:
            said = heard
        if isinstance(said, Refusal):
            said = self._refused_stream(said, upstream, dialect)
        if isinstance(said, Fault):
            raise said.after(latency, first)
        return self._told(said, latency, first)

    def stream(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Streamed:
        """When the parts of an answer in plain text came; raises Fault.

        A text that ended at its cap is whole here: that is what was asked for.
        """
        dialect = self._dialects.of(upstream)
        parameters = replace(dialect, shape=Shape.NONE).parameters(prompt, output_cap)
        body = self._body(upstream, prompt, parameters)
        heard = self._hear(body, timeouts(seconds, connect))
        if not isinstance(heard, Transcript):
            raise self._final(heard, upstream, dialect)
        said = self._measurable(heard, upstream)
        if not isinstance(said, Completion):
            raise self._final(said, upstream, dialect)
        model, times = self._shown(heard.model), (heard.first, heard.last, heard.total)
        return Streamed(*times, heard.pieces, heard.thoughts, said.usage, model)

    def close(self) -> None:
        """Give the connections back."""
        super().close()
        self._line.close()

    # --- asking ------------------------------------------------------------------------------

    def _body(self, upstream: str, prompt: Prompt, parameters: Mapping[str, Any]) -> dict[str, Any]:
        body = {"model": upstream, "messages": messages_of(prompt), "stream": True, **parameters}
        if self._dialects.of(upstream).counts_streams:
            body["stream_options"] = {"include_usage": True}
        return body

    def _hear(
        self, body: Mapping[str, Any], timeout: httpx2.Timeout, first_token: float | None = None
    ) -> Transcript | Refusal | Fault:
        """Send the request, and listen to the end; the watch runs from the sending on."""
        key, handle = self.config.api_key or NO_KEY, current_handle()
        transcript = Transcript(self._clock.monotonic)
        try:
            request = self._line.build_request(
                "POST",
                f"{self.config.base_url.rstrip('/')}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {key}", "Accept": "text/event-stream"},
                timeout=timeout,
            )
            with handle, _bounded(first_token, handle):
                status, headers = self._listen(request, transcript, handle)
        except httpx2.TransportError as error:
            return self._mute() if handle.why == _MUTE else self._broken(error)
        except (httpx2.InvalidURL, ValueError):
            return self._unsendable()
        if status != HTTPStatus.OK:
            return Refusal.read(status, headers, load(transcript.whole), self._clock.now())
        return transcript

    def _listen(
        self, request: httpx2.Request, transcript: Transcript, handle: Handle
    ) -> tuple[int, httpx2.Headers]:
        """Hear the body to its end, which is the answer's, whatever becomes of the connection."""
        with closing(self._line.send(request, stream=True)) as response:
            try:
                for piece in response.iter_bytes():
                    transcript.hear(piece)
                    handle.speaks = handle.speaks or transcript.pieces > 0
                    if transcript.ended:
                        break
            except httpx2.TransportError:
                if not transcript.is_whole:
                    raise
            transcript.stop()
            return response.status_code, response.headers

    # --- what was heard ----------------------------------------------------------------------

    def _spoken(self, heard: Transcript, upstream: str) -> Completion | Refusal | Fault:
        """The answer, be it streamed or in one piece."""
        if heard.events or heard.error is not None:
            completion = heard.completion()
            return self._flaw(heard, upstream) or self._unusable(completion) or completion
        whole = self._read(heard.whole, upstream)
        if isinstance(whole, Completion):
            self._dialects.learn_of_streams(upstream, _unstreamed)
        return whole

    def _measurable(self, heard: Transcript, upstream: str) -> Completion | Refusal | Fault:
        """The same as a measurement needs it: an answer in one piece tells no times."""
        if not heard.events:
            whole = self._read(heard.whole, upstream)
            if not isinstance(whole, Completion):
                return whole
            return self._fault(
                Kind.REFUSED, "no-stream", whole, f"{self.config.name} does not stream"
            )
        said = heard.completion()
        if heard.pieces:
            finish = "stop" if said.finish in CUT_OFF else said.finish
            said = replace(said, text="…", finish=finish)
        return self._flaw(heard, upstream) or self._unusable(said) or said

    def _flaw(self, heard: Transcript, upstream: str) -> Refusal | Fault | None:
        """Why a stream is no answer as a whole."""
        said = heard.completion()
        if heard.error is not None:
            refused = self._error_within(heard.error, said, upstream)
            if isinstance(refused, Fault) or not heard.pieces:
                return refused
            # What was said before is billed by some vendors, and nobody counted it.
            fault = classify(self._without_key(refused), self.config.name, upstream)
            return fault.billed(replace(fault.attempt, ending=Ending.UNKNOWN))
        name = self.config.name
        if heard.garbled:
            message = Phrase(
                "{endpoint} sent an answer that is too large or cannot be decoded", endpoint=name
            )
            return self._fault(Kind.GARBLED, "bad-event", said, message)
        if not heard.is_whole:
            message = Phrase("{endpoint} broke the answer off", endpoint=name)
            return self._fault(Kind.UNKNOWN_END, "broken", said, message)
        return None

    def _fault(self, kind: Kind, code: str, said: Completion, message: str) -> Fault:
        ending = Ending.UNKNOWN if said.usage is None else Ending.GARBLED
        attempt = Attempt(ending, said.usage, error=code, reported=said.reported)
        return Fault(kind, message, attempt)

    def _mute(self) -> Fault:
        message = Phrase("{endpoint} did not answer in time", endpoint=self.config.name)
        return Fault(Kind.UNKNOWN_END, message, Attempt(Ending.UNKNOWN, error=HUNG))

    # --- what is learned ---------------------------------------------------------------------

    def _final(self, said: Refusal | Fault, upstream: str, spoken: Dialect) -> Fault:
        return self._refused_stream(said, upstream, spoken) if isinstance(said, Refusal) else said

    def _refused_stream(self, refusal: Refusal, upstream: str, spoken: Dialect) -> Fault:
        """Learn that a model counts nothing in streams, or streams nothing; else as ever."""
        words = f"{refusal.parameter} {refusal.message} {refusal.code}".lower()
        told = refusal.status in _PARAMETER_STATUSES
        if told and "stream_options" in words and self._dialects.of(upstream).counts_streams:
            self._dialects.learn_of_streams(upstream, _uncounted)
        elif told and _STREAM.search(words):
            self._dialects.learn_of_streams(upstream, _unstreamed)
        else:
            return self._refused(refusal, upstream, spoken)
        return self._unfit(refusal, upstream)


def _uncounted(known: Dialect) -> Dialect:
    return replace(known, counts_streams=False)


def _unstreamed(known: Dialect) -> Dialect:
    return replace(known, streams=False)


@contextmanager
def _bounded(seconds: float | None, handle: Handle) -> Iterator[None]:
    """End the request unless its answer has begun after so many seconds."""
    if seconds is None:
        yield
        return

    def look() -> None:
        if not handle.speaks:
            handle.end(_MUTE)

    alarm = DEADLINES.set(seconds, look)
    try:
        yield
    finally:
        alarm.cancel()
