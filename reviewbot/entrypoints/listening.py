"""The HTTP server: waitress, with the door before the body and a deadline for every request."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.utilities import Error

from reviewbot.domain.errors import SettingsError
from reviewbot.entrypoints.door import LARGEST_DELIVERY, Refusal, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 2  # how often connections are looked over
_CONNECTIONS = 200
_HEADER_BYTES = 32 * 1024


class Listener:
    """A server that listens; *addresses* says where."""

    def __init__(
        self, app: WSGIApplication, host: str, port: int, threads: int, read_seconds: int
    ) -> None:
        """Listen; raises SettingsError where that is not possible.

        A request that has not come in whole after *read_seconds* is cut off.
        """
        self._sockets: dict[int, object] = {}
        self._ending = threading.Event()
        self._is_closed = False
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                ident="",
                connection_limit=_CONNECTIONS,
                channel_timeout=read_seconds,
                cleanup_interval=min(_LOOK_SECONDS, read_seconds),
                max_request_header_size=_HEADER_BYTES,
                max_request_body_size=LARGEST_DELIVERY + 1,  # waitress refuses the limit itself
                # They are evidence of a proxy, and so of a caller that is not on this machine.
                clear_untrusted_proxy_headers=False,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no address"
            message = f"cannot listen on {host}:{port}: {why}"
            raise SettingsError(message, "Choose another --host or --port.") from error
        self._servers = [s for s in self._sockets.values() if isinstance(s, BaseWSGIServer)]
        for server in self._servers:
            server.channel_class = _Channel

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as URLs."""
        return [_url(each.effective_host, each.effective_port) for each in self._servers]

    def run(self, at_the_end: Callable[[], object] = lambda: None) -> None:
        """Serve until ``end``, and then until every request that came in is answered.

        *at_the_end* is called once, in between. Ctrl-C ends it at once.
        """
        try:
            self._serve_until(self._ending.is_set)
            at_the_end()
            self._serve_until(self._is_idle)
        except KeyboardInterrupt:
            _log.info("interrupted")
        finally:
            self._server.task_dispatcher.shutdown()
            self.close()

    def end(self) -> None:
        """Let ``run`` come to its end; a signal's handler may say so."""
        self._ending.set()
        if not self._is_closed:
            self._servers[0].pull_trigger()

    def _serve_until(self, is_over: Callable[[], bool]) -> None:
        """What waitress does in its own ``run``, which knows no end."""
        adj = self._server.adj
        while not is_over():
            wasyncore.loop(adj.asyncore_loop_timeout, adj.asyncore_use_poll, self._sockets, count=1)

    def _is_idle(self) -> bool:
        """Whether nobody waits for an answer, and all were sent."""
        channels = [each for each in self._sockets.values() if isinstance(each, HTTPChannel)]
        return not any(channel.requests or channel.total_outbufs_len for channel in channels)

    def close(self) -> None:
        """Stop listening."""
        self._is_closed = True
        for server in self._servers:
            server.close()


def _url(host: str, port: str) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Request(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """A request whose headers pass the door before its body is received."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        chunked = "chunked" if self.chunked else None  # waitress hides the header then

        def header(name: str) -> str | None:
            value: str | None = self.headers.get(name.upper().replace("-", "_"))
            return value or (chunked if name == "Transfer-Encoding" else None)

        if why := refusal(self.command, self.path, header):
            _log.info("refused", extra={"code": why.code, "id": why.id})
            self.error = _Refused(why)
            self.body_rcv = None  # nothing more is read, and the connection is closed
            self.content_length = 0
            self.expect_continue = False


class _Refused(Error):  # type: ignore[misc] # waitress has no types
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.code)
        self._why = why

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        del ident
        status = f"{self._why.status.value} {self._why.status.phrase}"
        return status, [("Content-Type", "application/json")], self._why.body.encode()


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection on which only whole requests count as activity, so that none can drip in."""

    parser_class = _Request
    last_activity: float

    def handle_read(self) -> None:
        began = None if self.request is None else self.last_activity
        super().handle_read()
        if began is not None and self.request is not None:
            self.last_activity = began
