"""A workflow job's side of GitHub's OIDC: asks the runner for a token that names one audience."""

from __future__ import annotations

import json
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from reviewbot.domain.errors import ForgeUnavailable, UsageError
from reviewbot.github.oidc import LONGEST_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests import PreparedRequest

URL, TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LARGEST = 64 * 1024  # bytes
_TIMEOUTS = (5.0, 15.0)  # connect, silence between two pieces


class _Lacking(StrEnum):
    STATUS = "it answered"
    SIZE = "its answer is too large"
    VALUE = "its answer holds none"


def may_ask(environ: Mapping[str, str]) -> bool:
    """Whether GitHub lets this job have tokens at all."""
    return bool(environ.get(URL) and environ.get(TOKEN))


def request_id_token(environ: Mapping[str, str], audience: str) -> str:
    """A fresh token of this job for *audience*; raises UsageError or ForgeUnavailable.

    The runner's own credential goes to the address that it came with, and nowhere else.
    """
    import requests

    if not may_ask(environ):
        message = "this job may have no OIDC token, by which the companion knows it"
        advice = "Write `id-token: write` under `permissions:` of the job; see the README."
        raise UsageError(message, advice)
    url = _for_audience(environ[URL], audience)
    try:
        with requests.Session() as session:
            session.trust_env = urlsplit(url).hostname not in LOOPBACK  # else for a proxy's sake
            with session.get(
                url,
                headers={"Accept": "application/json", "User-Agent": "reviewbot"},
                auth=_bearer(environ[TOKEN]),
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _bounded(response.iter_content(8 * 1024))
                status = response.status_code
    except (requests.RequestException, OSError) as error:
        raise _none(type(error).__name__) from None
    if status != HTTPStatus.OK:
        raise _none(_Lacking.STATUS, status)
    return _read(body)


def _for_audience(url: str, audience: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        message = f"{URL} is no https address"
        raise UsageError(message, "The runner of GitHub Actions sets it.")
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "audience"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("audience", audience)])))


def _bearer(token: str) -> Callable[[PreparedRequest], PreparedRequest]:
    """Sets the header itself, so that no ``.netrc`` can replace it."""

    def sign(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _bounded(pieces: Iterator[bytes]) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > _LARGEST:
            raise _none(_Lacking.SIZE)
    return bytes(body)


def _read(body: bytes) -> str:
    try:
        token = json.loads(body)["value"]
    except (ValueError, RecursionError, KeyError, TypeError):
        token = None
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
        raise _none(_Lacking.VALUE)
    return token


def _none(*why: object) -> ForgeUnavailable:
    message = f"GitHub gave this job no OIDC token: {' '.join(map(str, why))}"
    return ForgeUnavailable(message, "Run the job again; see githubstatus.com if it stays so.")
