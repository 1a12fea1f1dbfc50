"""The public keys of the issuer that signs the tokens of workflows' jobs.

They come from the configured issuer and from nowhere else: no redirect is followed, and no
address in a token is looked at.
"""

from __future__ import annotations

import json
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.domain.errors import ForgeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_PATH = "/.well-known/jwks"
_LARGEST = 256 * 1024  # bytes
_MOST_KEYS = 32
_TIMEOUTS = (5.0, 10.0)  # connect, silence between two pieces
_LONGEST = 15.0  # seconds for the whole answer
_FRESH = 3_600.0  # seconds after which keys are fetched anew
_REST = 60.0  # seconds between two looks, whoever names whichever key
_RETRY = 5.0  # seconds after a look that failed
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class IssuerKeys:
    """Keys by their id; safe between threads."""

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Mapping[str, RSAPublicKey]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._fetch = fetch or fetch_keys
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._trouble: ForgeUnavailable | None = None
        self._ends = self._next_look = float("-inf")

    def key(self, name: str) -> RSAPublicKey | None:
        """The key of that id, None where the issuer has none; raises ForgeUnavailable."""
        with self._lock:
            now = self._monotonic()
            if (name not in self._keys or now >= self._ends) and now >= self._next_look:
                self._look(now)
            if self._trouble is not None and not self._keys:
                raise self._trouble
            return self._keys.get(name)

    def _look(self, now: float) -> None:
        """Fetch the keys; where that fails, those that are known serve on."""
        self._next_look = now + _REST
        try:
            self._keys, self._trouble = self._fetch(self.issuer), None
        except ForgeUnavailable as trouble:
            self._trouble = trouble
            self._next_look = now + _RETRY
        else:
            self._ends = now + _FRESH


def fetch_keys(issuer: str) -> Mapping[str, RSAPublicKey]:
    """The issuer's keys as they are now; raises ForgeUnavailable."""
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = urlsplit(issuer).hostname not in _LOOPBACK  # else for a proxy
            with session.get(
                f"{issuer.rstrip('/')}{_PATH}",
                headers={"Accept": "application/json", "User-Agent": "reviewbot"},
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != HTTPStatus.OK:
                    raise _unavailable(issuer, f"it answered {response.status_code}")
                body = _whole(issuer, response.iter_content(16 * 1024))
    except (requests.RequestException, OSError) as error:
        raise _unavailable(issuer, type(error).__name__) from None
    return read_keys(issuer, body)


def read_keys(issuer: str, body: bytes) -> Mapping[str, RSAPublicKey]:
    """The RSA keys for signatures in a key set; others are left out."""
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise _unavailable(issuer, "its answer is no key set") from None
    if not isinstance(listed, list):
        raise _unavailable(issuer, "its answer is no key set")
    found = (_read_key(each) for each in listed[:_MOST_KEYS])
    return dict(each for each in found if each is not None)


def _read_key(said: object) -> tuple[str, RSAPublicKey] | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt import PyJWK, PyJWTError

    if not isinstance(said, dict) or said.get("kty") != "RSA" or said.get("use", "sig") != "sig":
        return None
    name = said.get("kid")
    try:
        key = PyJWK(said, algorithm="RS256").key
    except (PyJWTError, ValueError, TypeError):
        return None
    return (name, key) if isinstance(name, str) and isinstance(key, RSAPublicKey) else None


def _whole(issuer: str, pieces: Iterable[bytes]) -> bytes:
    ends = time.monotonic() + _LONGEST
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > _LARGEST or time.monotonic() > ends:
            raise _unavailable(issuer, "its answer is too large or too slow")
    return bytes(body)


def _unavailable(issuer: str, why: str) -> ForgeUnavailable:
    message = f"the keys of {issuer} cannot be had: {why}"
    return ForgeUnavailable(message, "Check companion.issuer and the network.")
