from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ForgeUnavailable, NotFound, SettingsError
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

Canned = tuple[int, dict[str, str], bytes]


@contextmanager
def scripted(*answers: Canned) -> Iterator[tuple[GitHubClient, list[str]]]:
    """A server that gives these answers in turn, a client for it, and what it was asked."""
    waiting, seen = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(f"{self.command} {self.path}")
            status, headers, body = waiting.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/api/v3"
    client = GitHubClient(address, StaticToken("ghp_secret"), sleep=lambda _: None)
    try:
        yield client, seen
    finally:
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_read_is_tried_again_while_the_trouble_looks_passing() -> None:
    with scripted((502, {}, b""), (503, {}, b""), (200, {}, b"{}")) as (client, seen):
        assert client.get("/x") == {}
        assert seen == ["GET /api/v3/x"] * 3


def test_a_write_is_never_tried_again() -> None:
    with scripted((502, {}, b""), (201, {}, b"{}")) as (client, seen):
        with pytest.raises(ForgeUnavailable, match="POST /x"):
            client.post("/x", {})
        assert len(seen) == 1


def test_a_redirect_to_another_host_is_not_followed() -> None:
    away = {"Location": "http://127.0.0.2:9/x"}
    with scripted(*[(302, away, b"")] * 4) as (client, _), pytest.raises(ForgeUnavailable):
        client.get("/x")


def test_a_redirect_on_the_same_host_is_followed_for_reads_only() -> None:
    moved = (301, {"Location": "/api/v3/y"}, b"")
    with scripted(moved, (200, {}, b"[]"), moved) as (client, seen):
        assert client.get("/x") == []
        with pytest.raises(NotFound, match="POST /x") as caught:
            client.post("/x", {})
        assert "renamed" in caught.value.advice
        assert seen == ["GET /api/v3/x", "GET /api/v3/y", "POST /api/v3/x"]


def test_pages_are_followed_and_never_off_the_host() -> None:
    link = {"Link": '<https://evil.example/z?page=2&per_page=100>; rel="next"'}
    with scripted((200, link, b'[{"id": 1}]'), (200, {}, b'[{"id": 2}]')) as (client, seen):
        assert [item["id"] for item in client.pages("/x")] == [1, 2]
        assert seen[1] == "GET /api/v3/x?per_page=100&page=2"


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000])
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with scripted((200, {}, body)) as (client, _), pytest.raises(ForgeUnavailable):
        client.get("/x")


def test_a_refusal_tells_githubs_words_without_control_signs() -> None:
    words = {"message": "Unprocessable\x1b[31m", "errors": ["Line could not be resolved", 3]}
    body = json.dumps(words).encode()
    with scripted((422, {}, body)) as (client, _), pytest.raises(Rejected) as caught:
        client.post("/x", {})
    assert "Line could not be resolved" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("address", ["", "api.github.com", "ftp://host"])
def test_an_address_that_is_none_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(SettingsError, match=r"github\.api_url"):
        GitHubClient(address, StaticToken("x"))
