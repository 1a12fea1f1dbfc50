"""The real server, spoken to over bare sockets."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from reviewbot.entrypoints.demo.service import running_service
from tests.fakes.patience import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECRET = "the secret"
PREVIOUS = "the secret before"
READ_SECONDS = 1  # where that is tried out
PAYLOAD = {
    "action": "opened",
    "repository": {"id": 5, "full_name": "acme/shop"},
    "pull_request": {"number": 7},
}


@contextmanager
def listening(folder: Path, read_seconds: int) -> Iterator[tuple[str, int]]:
    environ = {
        "REVIEWBOT_API_KEY": "opens nothing",
        "REVIEWBOT_BASE_URL": "http://127.0.0.1:9/v1",
        "REVIEWBOT_CHEAP_MODEL": "any",
        "REVIEWBOT_CHEAP_PRICE": "1/1",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{folder / 'ledger.db'}",
        "REVIEWBOT_LIMITS__DEBOUNCE_SECONDS": "3600",  # nothing is worked on here
        "REVIEWBOT_SERVER__READ_SECONDS": str(read_seconds),
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "SECRET",
        "REVIEWBOT_GITHUB__PREVIOUS_WEBHOOK_SECRET_ENV": "PREVIOUS",
        "SECRET": SECRET,
        "PREVIOUS": PREVIOUS,
        "GITHUB_TOKEN": "opens nothing",
    }
    with running_service(environ, folder / "service.log") as service:
        parts = urlsplit(service.url)
        yield parts.hostname or "", parts.port or 0


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A server that waits for whoever is slow."""
    with listening(tmp_path_factory.mktemp("service"), 120) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A server that does not."""
    with listening(tmp_path_factory.mktemp("hasty"), READ_SECONDS) as found:
        yield found


def signed(body: bytes, secret: str = SECRET, **changed: str | None) -> dict[str, str]:
    """A delivery's headers; *changed* ones by their names in snake case, None leaves one out."""
    headers: dict[str, str | None] = {
        "host": "bot",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-github-event": "pull_request",
        "x-github-delivery": hashlib.sha256(body + secret.encode()).hexdigest(),
        "x-hub-signature-256": "sha256="
        + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in headers.items() if value is not None}


def head(headers: Mapping[str, str], line: str = "POST /webhook HTTP/1.1") -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def spoken(address: tuple[str, int], *parts: bytes) -> tuple[int, str]:
    """What the server answers to these bytes: status and body."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(65_536)):
            answer += more
        top, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in top.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += connection.recv(65_536)
    return int(top.split()[1]), body.decode()


def event(number: int) -> bytes:
    return json.dumps(PAYLOAD | {"pull_request": {"number": number}}).encode()


def refused(address: tuple[str, int], *parts: bytes) -> tuple[int, str]:
    status, body = spoken(address, *parts)
    told: dict[str, Any] = json.loads(body)
    assert set(told) == {"error", "id"}
    assert len(told["id"]) == 16
    return status, told["error"]


def test_a_signed_delivery_is_recorded_under_either_secret(address: tuple[str, int]) -> None:
    for number, secret in enumerate((SECRET, PREVIOUS), 1):
        body = event(number)
        assert spoken(address, head(signed(body, secret)), body) == (202, '{"status":"recorded"}\n')
        assert spoken(address, head(signed(body, secret)), body) == (202, '{"status":"known"}\n')


def test_a_delivery_in_small_pieces_is_recorded(address: tuple[str, int]) -> None:
    body = event(3)
    raw = head(signed(body)) + body
    pieces = [raw[i : i + 40] for i in range(0, len(raw), 40)]
    assert spoken(address, *pieces)[0] == 202


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"x_hub_signature_256": None}, (401, "unsigned")),
        ({"x_hub_signature_256": "sha1=ab"}, (401, "unsigned")),
        ({"x_github_delivery": None}, (400, "no-delivery-id")),
        ({"x_github_delivery": "a b"}, (400, "no-delivery-id")),
        ({"x_github_delivery": "a" * 101}, (400, "no-delivery-id")),
        ({"x_github_event": None}, (400, "no-event")),
        ({"x_github_event": "../etc"}, (400, "no-event")),
        ({"content_length": str(25 * 2**20 + 1)}, (413, "too-large")),
        ({"content_length": "9" * 4000}, (413, "too-large")),
        ({"content_length": None, "transfer_encoding": "chunked"}, (411, "length-required")),
    ],
)
def test_headers_alone_refuse_before_a_body_is_sent(
    address: tuple[str, int], changed: dict[str, str | None], answer: tuple[int, str]
) -> None:
    body = event(4)
    assert refused(address, head(signed(body, SECRET, **changed))) == answer


def test_what_counts_is_the_signature_not_the_content_type(address: tuple[str, int]) -> None:
    body = event(6)
    headers = signed(body, content_type=None)
    assert spoken(address, head(headers), body) == (202, '{"status":"recorded"}\n')


def test_a_form_is_refused_with_what_to_change(address: tuple[str, int]) -> None:
    body = b"payload=%7B%7D"
    headers = signed(body, content_type="application/x-www-form-urlencoded")
    assert refused(address, head(headers), body) == (415, "content-type-not-json")


def test_an_old_protocol_gets_no_chunks_through(address: tuple[str, int]) -> None:
    headers = signed(b"", content_length=None, transfer_encoding="chunked")
    assert refused(address, head(headers, "POST /webhook HTTP/1.0")) == (411, "length-required")


def test_other_pages_take_no_large_bodies(address: tuple[str, int]) -> None:
    headers = {"host": "bot", "content-length": str(3 * 2**20)}
    assert refused(address, head(headers, "POST /healthz HTTP/1.1")) == (413, "too-large")


@pytest.mark.parametrize(
    ("body", "secret", "answer"),
    [
        (event(5), "a third", (401, "signature-mismatch")),
        (b"[]", SECRET, (400, "unreadable-delivery")),
        (b"\xff", SECRET, (400, "unreadable-delivery")),
    ],
)
def test_bodies_that_do_not_hold_are_refused_with_a_code(
    address: tuple[str, int], body: bytes, secret: str, answer: tuple[int, str]
) -> None:
    assert refused(address, head(signed(body, secret)), body) == answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("GET /webhook HTTP/1.1", (405, "method-not-allowed")),
        ("GET /nowhere HTTP/1.1", (404, "not-found")),
    ],
)
def test_wrong_addresses_are_told_so_without_detail(
    address: tuple[str, int], line: str, answer: tuple[int, str]
) -> None:
    assert refused(address, head({"host": "bot"}, line)) == answer


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_a_proxy_on_this_machine_opens_no_metrics(address: tuple[str, int], name: str) -> None:
    line = "GET /metrics HTTP/1.1"
    assert spoken(address, head({"host": "bot"}, line))[0] == 200
    behind = {"host": "bot", name: "203.0.113.9"}
    assert refused(address, head(behind, line)) == (403, "metrics-need-a-token")


@pytest.mark.parametrize("promised", [10_000, 0])
def test_who_drips_is_cut_off(hasty: tuple[str, int], promised: int) -> None:
    """Bytes that come in one by one do not keep a connection, in the head or in the body."""
    body = event(6)
    start = head(signed(body, content_length=str(promised))) if promised else b"POST /webhook "
    begin = time.monotonic()
    with socket.create_connection(hasty, timeout=PATIENCE) as connection:
        connection.sendall(start)
        connection.settimeout(0.1)
        while time.monotonic() - begin < PATIENCE:
            try:
                connection.sendall(b" ")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert READ_SECONDS <= time.monotonic() - begin < PATIENCE
