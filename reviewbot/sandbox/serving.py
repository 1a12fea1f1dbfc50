"""Serves a WSGI application on loopback, and stops without leaving a thread or socket behind."""

from __future__ import annotations

import contextlib
import socket
import threading
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from typing import Self
    from wsgiref.types import WSGIApplication

POLL_SECONDS = 0.02


class Loopback:
    """A threaded HTTP server on a free port of 127.0.0.1, alive inside a ``with``."""

    def __init__(self, application: WSGIApplication) -> None:
        self._server = _Server("127.0.0.1", 0, application, _QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="loopback", daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


class Served:
    """What answers at a ``Loopback``, for as long as its block lasts."""

    _server: Loopback

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()
        self._server.__exit__()

    def _let_go(self) -> None:
        """End what holds requests up; nothing does unless a server says so."""


def drop(environ: dict[str, Any]) -> NoReturn:
    """Cut the connection of a request that ``Loopback`` serves; always raises ConnectionError."""
    with contextlib.suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    message = "the connection was dropped on purpose"
    raise ConnectionAbortedError(message)


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    daemon_threads = False  # so that server_close waits for them

    def __init__(
        self, host: str, port: int, app: WSGIApplication, handler: type[WSGIRequestHandler]
    ) -> None:
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(host, port, app, handler)

    def server_bind(self) -> None:
        """Bind without asking a name server who 127.0.0.1 is."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Remember the connection while its thread serves it."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's type
        """Forget the connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Cut connections that are still open, so that no thread waits for a silent client."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
