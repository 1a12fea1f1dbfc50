"""The HTTP server: waitress, with the door before the body and a deadline for every request."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.utilities import Error

from reviewbot.domain.errors import SettingsError
from reviewbot.entrypoints.door import LARGEST_DELIVERY, Refusal, refusal

if TYPE_CHECKING:
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

    def run(self) -> None:
        """Serve until the process is told to stop."""
        try:
            self._server.run()
        finally:
            self.close()

    def close(self) -> None:
        """Stop listening."""
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
