"""Signing in: with a plain token, or as an App's installation."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from reviewbot.domain.errors import ForgeUnavailable, SettingsError
from reviewbot.github.client import GitHubClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_AGE = 60  # seconds that the JWT says it is old, for clocks that differ
_LIFE = 9 * 60  # GitHub allows ten minutes
_EARLY = 5 * 60  # seconds before its end when a token is replaced


class TokenSource(Protocol):
    """Gives tokens; safe between threads."""

    def token(self, installation_id: int) -> str:
        """A token that is valid now."""

    def refused(self, installation_id: int, token: str) -> None:
        """Give *token* no more, which GitHub does not take, where there can be another."""


class _TheOnlyOne:
    """What gives tokens that nothing can replace."""

    __slots__ = ()

    def refused(self, installation_id: int, token: str) -> None:
        """Nothing: whoever asks is told that GitHub says no."""


@dataclass(frozen=True, slots=True)
class StaticToken(_TheOnlyOne):
    """A plain token, for every installation the same."""

    value: str = field(repr=False)

    def token(self, installation_id: int) -> str:
        """The token."""
        del installation_id
        return self.value


class Anonymous(_TheOnlyOne):
    """No token, for the one call that GitHub answers to nobody in particular."""

    def token(self, installation_id: int) -> str:
        """Empty."""
        del installation_id
        return ""


class AppAuth(_TheOnlyOne):
    """Signs as a GitHub App; raises SettingsError for what is no RSA private key."""

    def __init__(
        self, app_id: str | int, private_key_pem: str, now: Callable[[], float] = time.time
    ) -> None:
        if not str(app_id).strip():
            message = "github.app_id is not set"
            raise SettingsError(message, "Set it to the App's id or client id.")
        self._app_id, self._now = str(app_id).strip(), now
        self._key = _loaded(private_key_pem)

    def token(self, installation_id: int = 0) -> str:
        """A JWT of the App itself, for the next minutes."""
        del installation_id
        import jwt

        now = int(self._now())
        claims = {"iat": now - _AGE, "exp": now + _LIFE, "iss": self._app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")


def _loaded(pem: str) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = pem.strip().replace("\\n", "\n")  # as it often stands in one line of an environment
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPrivateKey):
        return key
    message = "github.private_key is no RSA private key in PEM format without a password"
    advice = "Give the .pem file that GitHub made under the App's settings, Private keys, whole."
    raise SettingsError(message, advice)


@dataclass(slots=True)
class _Cached:
    """One installation's token; its lock makes others wait for the one who mints."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    ends: float = 0.0


class InstallationTokens:
    """An App's tokens by installation, each minted once an hour."""

    def __init__(self, auth: AppAuth, api_url: str, now: Callable[[], float] = time.time) -> None:
        self._auth, self._api_url, self._now = auth, api_url, now
        self._lock = threading.Lock()
        self._cached: dict[int, _Cached] = {}

    def token(self, installation_id: int) -> str:
        """The installation's token; raises ForgeError where GitHub gives none."""
        with self._lock:
            cached = self._cached.setdefault(installation_id, _Cached())
        with cached.lock:
            if self._now() >= cached.ends - _EARLY:
                cached.token, cached.ends = self._mint(installation_id)
            return cached.token

    def refused(self, installation_id: int, token: str) -> None:
        """Mint another next time: it was revoked, as by a suspension that is over."""
        with self._lock:
            cached = self._cached.setdefault(installation_id, _Cached())
        with cached.lock:
            if cached.token == token:
                cached.ends = 0.0

    def _mint(self, installation_id: int) -> tuple[str, float]:
        client = GitHubClient(self._api_url, self._auth)
        try:
            given = client.post(f"/app/installations/{installation_id}/access_tokens", {})
        finally:
            client.close()
        try:
            return str(given["token"]), datetime.fromisoformat(given["expires_at"]).timestamp()
        except (KeyError, TypeError, ValueError):
            message = "GitHub's answer holds no installation token"
            advice = "Check that github.api_url is GitHub's API."
            raise ForgeUnavailable(message, advice) from None
