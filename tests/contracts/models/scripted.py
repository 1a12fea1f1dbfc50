"""A model endpoint on loopback that says what a test tells it to, and remembers what it heard."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back; *drip* sends a byte every so many seconds, *drop* sends nothing."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


def says(text: object = '{"findings":[]}', **changes: object) -> Reply:
    """An ordinary answer; *changes* replace parts of its body, None takes them out."""
    body: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "model": "small-2026",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": text}}],
        "usage": USAGE,
    }
    kept = {name: value for name, value in {**body, **changes}.items() if value is not None}
    return Reply(body=json.dumps(kept).encode())


def ends(reason: str, text: str = "") -> Reply:
    """An answer with another finish reason."""
    return says(choices=[{"index": 0, "finish_reason": reason, "message": {"content": text}}])


def refuses(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> Reply:
    """An error in OpenAI's form."""
    body = json.dumps({"error": {"message": message, "type": "error"}}).encode()
    return Reply(status, body, headers or {})


class Scripted:
    """Gives the replies in turn; the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        self.heard: list[Heard] = []
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.over = threading.Event()  # nobody listens any more
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def reply_to(self, heard: Heard) -> Reply:
        with self._lock:
            self.heard.append(heard)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class Waiting(Scripted):
    """Answers once *until* finds what it looks for; never where that does not come."""

    def __init__(self, until: Callable[[], object], reply: Reply | None = None) -> None:
        super().__init__(reply or says())
        self.until = until

    def reply_to(self, heard: Heard) -> Reply:
        reply = super().reply_to(heard)
        while heard.method == "POST" and not self.until() and not self.over.wait(0.005):
            pass
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # who is not accepted at once must not time out

    def __init__(self, script: Scripted) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length) or b"null")
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.script.reply_to(Heard(self.command, self.path, headers, body))
        with contextlib.suppress(OSError):
            self._send(reply)

    def do_GET(self) -> None:
        self.do_POST()

    def _send(self, reply: Reply) -> None:
        if reply.drop:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        size = 1 if reply.drip else max(1, len(reply.body))
        for at in range(0, len(reply.body), size):
            self.wfile.write(reply.body[at : at + size])
            time.sleep(reply.drip)

    def log_message(self, *_: object) -> None:
        """Tests say enough."""
