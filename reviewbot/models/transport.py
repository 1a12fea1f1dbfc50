"""HTTP to a model endpoint that may be hostile: bounded in time, size and manners.

A total deadline, which drip feeding cannot stretch; 2 MiB after decompression; no redirects,
no proxies or credentials out of the environment, and no headers beyond the needed ones.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import httpx2

from reviewbot.models.deadlines import DEADLINES
from reviewbot.models.handle import current_handle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.models.deadlines import Alarm
    from reviewbot.models.handle import Handle

LARGEST_ANSWER = 2 * 1024 * 1024  # bytes
_PIECE = 64 * 1024
_ZLIB_OR_GZIP = 47  # the window bits by which zlib finds out itself
_HEADERS = frozenset({"accept", "authorization", "connection", "content-length", "content-type"})


class TooLarge(httpx2.ReadError):
    """The answer went on beyond the limit."""


class Garbled(httpx2.ReadError):
    """The answer's encoding is none that was asked for, or broken."""


class Deadline(httpx2.ReadTimeout):
    """The answer was not complete in time."""


class Ended(httpx2.ReadError):
    """Somebody ended the request before its answer did."""


class Unsent(httpx2.ConnectError):
    """The request was ended before anything of it was sent."""


def guarded_client(proxy: str = "") -> httpx2.Client:
    """A client for one endpoint; every request carries its total time as its read time-out."""
    return httpx2.Client(
        transport=_Guarded(proxy),
        follow_redirects=False,
        trust_env=False,
        max_redirects=0,
    )


class _Guarded(httpx2.BaseTransport):
    """Opens a connection a request, so that none dies unseen in a pool after being paid for."""

    def __init__(self, proxy: str) -> None:
        self._inner = httpx2.HTTPTransport(
            proxy=proxy or None,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        handle = current_handle()
        watch = _Watch(request.extensions["timeout"]["read"], handle)
        handle.stops_with(watch.shut)
        watch.check_unsent()
        sent = httpx2.Request(
            request.method,
            request.url,
            headers=_needed(request),
            stream=request.stream,
            extensions={**request.extensions, "trace": watch.trace},
        )
        try:
            response = self._inner.handle_request(sent)
        except BaseException as error:
            watch.close()
            if isinstance(error, httpx2.TransportError):
                watch.check_unsent()
                if watch.sent:  # or what kept it from leaving says more
                    watch.check(error)
            raise
        encoding = response.headers.pop("Content-Encoding", "identity").strip().lower()
        response.headers.pop("Content-Length", None)
        stream = _Bounded(response, encoding, watch)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=stream, request=request
        )

    def close(self) -> None:
        self._inner.close()


def _needed(request: httpx2.Request) -> dict[str, str]:
    """The SDK tells much about this machine that is nobody's business."""
    kept = {name: value for name, value in request.headers.items() if name in _HEADERS}
    host = request.url.netloc.decode("ascii")
    return {"Host": host, **kept, "Accept-Encoding": "identity", "User-Agent": "reviewbot"}


class _Watch:
    """Shuts a connection down when its time is over, whatever trickles in."""

    def __init__(self, seconds: float, handle: Handle) -> None:
        self._ends = time.monotonic() + seconds
        self._handle = handle
        self.sent = False  # something of the request may have reached the endpoint
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._alarm: Alarm | None = None

    def check(self, error: Exception | None = None) -> None:
        """Raise Deadline when the time is over, Ended when somebody ended the request."""
        if self._handle.why:
            raise Ended(self._handle.why) from error
        if time.monotonic() >= self._ends:
            message = "the answer took too long"
            raise Deadline(message) from error

    def check_unsent(self) -> None:
        """Raise Unsent when somebody ended the request before it left."""
        if self._handle.why and not self.sent:
            raise Unsent(self._handle.why)

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take hold of the connection when it stands."""
        if event.endswith("send_request_headers.started"):
            self.check_unsent()  # who ends it may not have come to shutting the line
            self.sent = True
        if event != "connection.connect_tcp.complete":
            return
        line = info["return_value"].get_extra_info("socket")
        if isinstance(line, socket.socket):
            self._line = line.dup()
            self._alarm = DEADLINES.set(self._ends - time.monotonic(), self.shut)
            if self._handle.why:
                self.shut()

    def close(self) -> None:
        """Stop watching."""
        if self._alarm is not None:
            self._alarm.cancel()
        with self._lock:  # or the number of its socket might be another's already
            if self._line is not None:
                self._line.close()
            self._line = None

    def shut(self) -> None:
        """End the connection, whatever goes over it."""
        with self._lock, contextlib.suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)


class _Bounded(httpx2.SyncByteStream):
    """A response's body, decoded, up to the limit."""

    def __init__(self, response: httpx2.Response, encoding: str, watch: _Watch) -> None:
        self._response, self._encoding, self._watch = response, encoding, watch

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        try:
            for piece in self._decoded():
                total += len(piece)
                if total > LARGEST_ANSWER:
                    message = f"more than {LARGEST_ANSWER} bytes"
                    raise TooLarge(message)
                yield piece
            self._watch.check()  # a line that was shut looks like the end of a body
        except httpx2.TransportError as error:
            if not isinstance(error, TooLarge):
                self._watch.check(error)
            raise

    def close(self) -> None:
        self._watch.close()
        self._response.close()

    def _decoded(self) -> Iterator[bytes]:
        raw = self._response.iter_raw()
        if self._encoding == "identity":
            yield from raw
            return
        if self._encoding not in {"gzip", "deflate"}:
            message = "an encoding that nobody asked for"
            raise Garbled(message)
        machine = zlib.decompressobj(_ZLIB_OR_GZIP)
        try:
            for packed in raw:
                rest = packed
                while rest:
                    yield machine.decompress(rest, _PIECE)
                    rest = machine.unconsumed_tail
        except zlib.error as error:
            message = "a broken encoding"
            raise Garbled(message) from error
