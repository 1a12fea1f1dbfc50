from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest
from flask import Flask, Response, redirect, request

from reviewbot.domain.errors import ForgeUnavailable, UsageError
from reviewbot.github.id_token import TOKEN, URL, request_id_token
from reviewbot.sandbox.actions_oidc import SandboxIssuer
from reviewbot.sandbox.serving import Loopback
from tests.contracts.github.test_oidc import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIENCE = "https://reviews.example.org"


@pytest.fixture
def issuer() -> Iterator[SandboxIssuer]:
    with SandboxIssuer() as issuer:
        yield issuer


def test_a_job_asks_for_one_audience(issuer: SandboxIssuer) -> None:
    token = request_id_token(issuer.job("pull_request", PAYLOAD), AUDIENCE)
    said = jwt.decode(token, options={"verify_signature": False})
    assert (said["aud"], said["repository_id"]) == (AUDIENCE, "1001")
    assert issuer.audiences == [AUDIENCE]


def test_without_the_permission_it_says_which_one_is_missing() -> None:
    with pytest.raises(UsageError) as caught:
        request_id_token({}, AUDIENCE)
    assert "id-token: write" in caught.value.advice


@pytest.mark.parametrize("url", ["http://evil.example/token", "ftp://x", "file:///etc/passwd"])
def test_the_jobs_credential_never_travels_in_the_clear(url: str) -> None:
    with pytest.raises(UsageError):
        request_id_token({URL: url, TOKEN: "credential"}, AUDIENCE)


def test_nor_to_where_it_is_redirected() -> None:
    came: list[str | None] = []
    app = Flask(__name__, static_folder=None)

    @app.get("/elsewhere")
    def elsewhere() -> str:
        came.append(request.headers.get("Authorization"))
        return '{"value": "a.b.c"}'

    app.add_url_rule("/token", "token", lambda: redirect("/elsewhere"))
    with Loopback(app) as server, pytest.raises(ForgeUnavailable):
        request_id_token({URL: f"{server.url}/token", TOKEN: "credential"}, AUDIENCE)
    assert came == []


@pytest.mark.parametrize("body", [b"", b"{}", b'{"value": 5}', b'{"value": ""}', b"x" * 2**17])
def test_an_answer_without_a_token_is_none(body: bytes) -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/token", "token", lambda: Response(body))
    with Loopback(app) as server, pytest.raises(ForgeUnavailable) as caught:
        request_id_token({URL: f"{server.url}/token", TOKEN: "credential"}, AUDIENCE)
    assert "credential" not in str(caught.value)
