"""What was heard of one streamed answer, and when its parts came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewbot.models.completion import Completion, load, read_delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.money import PicoUsd, Usage

_FIELD = b"data:"
_END = b"[DONE]"


class Transcript:
    """Takes a body's pieces, which may end anywhere; times are seconds since it was made."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._begun = monotonic()
        self.first = self.last = self.total = 0.0
        self.pieces = 0  # events that held text
        self.thoughts = False
        self.model = self.finish = ""
        self.declined = False
        self.events = 0
        self.ended = False
        self.garbled = False
        self.error: Mapping[str, object] | None = None
        self._whole = bytearray()  # the body, as long as it has no events
        self._texts: list[str] = []
        self._counted: Usage | None = None  # with the finish or after it
        self._partial: Usage | None = None  # before it, as some endpoints count along
        self._reported: PicoUsd | None = None
        self._parts: list[bytes] = []  # of an event in several lines
        self._rest = bytearray()  # the line that is not yet whole

    @property
    def whole(self) -> bytes:
        """The body, where it has no events."""
        return bytes(self._whole)

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its end, whatever became of the connection."""
        return self.ended or bool(self.finish)

    @property
    def usage(self) -> Usage | None:
        """What the whole answer took; a count along the way says nothing about its end."""
        return self._counted or (self._partial if self.ended else None)

    def stop(self) -> None:
        """Stop the watch; a last event that is whole counts, though nothing ended it."""
        self.total = self._elapsed()
        if self._rest.startswith(_FIELD):
            self._parts.append(bytes(self._rest).removeprefix(_FIELD).strip())
        if self._parts and isinstance(load(b"\n".join(self._parts)), Mapping):
            self.events += 1
            self._finish_event(self.total)

    def hear(self, piece: bytes) -> None:
        """Take a piece of the body."""
        at = self._elapsed()
        if not self.events:
            self._whole += piece
        self._rest += piece
        if b"\n" not in piece:
            return  # or a line of many small pieces would be looked through for each of them
        *lines, self._rest = self._rest.split(b"\n")
        for line in map(bytes, lines):
            if line.startswith(_FIELD):
                self._hear_data(line.removeprefix(_FIELD).strip(), at)
            elif not line.strip():
                self._finish_event(at)

    def completion(self) -> Completion:
        """The answer as a whole."""
        text = "".join(self._texts)
        return Completion(
            text=text if text.strip() else "",
            finish=self.finish,
            usage=self.usage,
            model=self.model,
            declined=self.declined,
            reported=self._reported if self.is_whole else None,
        )

    def _hear_data(self, data: bytes, at: float) -> None:
        """Take a line of data, which mostly is an event; else it is a part of one."""
        body = load(data)
        self.events += not self._parts
        if not self._parts and (data == _END or isinstance(body, Mapping)):
            self._take(data, body, at)
        else:
            self._parts.append(data)

    def _finish_event(self, at: float) -> None:
        if self._parts:
            data, self._parts = b"\n".join(self._parts), []
            self._take(data, load(data), at)

    def _take(self, data: bytes, body: object, at: float) -> None:
        if data == _END:
            self.ended = True
            return
        if not isinstance(body, Mapping):
            self.garbled = True
            return
        if body.get("error"):
            self.error = body
            return
        self._add(body, at)

    def _add(self, body: Mapping[str, object], at: float) -> None:
        delta = read_delta(body)
        if delta.speaks:
            self.first = self.first if self.pieces else at
            self.last = at
            self.pieces += 1
            self._texts.append(delta.text)
        self.thoughts = self.thoughts or delta.thought
        self.declined = self.declined or delta.declined
        self.finish = delta.finish or self.finish
        if self.finish:
            self._counted = delta.usage or self._counted
        self._partial = delta.usage or self._partial
        self._reported = self._reported if delta.reported is None else delta.reported
        self.model = delta.model or self.model

    def _elapsed(self) -> float:
        return self._monotonic() - self._begun
