"""Who is asking: personal tokens, the App's own signature, and installation tokens."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from reviewbot.sandbox.github_errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN_SECONDS = 3600
JWT_SECONDS = 600
GRANTED = {
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
EVENTS = ("issue_comment", "merge_group", "pull_request", "pull_request_review_comment")
_RANKS = ("", "read", "write", "admin")
BOT = {"login": "reviewbot[bot]", "id": 4242, "type": "Bot"}
OWNER = {"login": "token-owner", "id": 4343, "type": "User"}


def generate_app_key() -> tuple[str, rsa.RSAPublicKey]:
    """A new private key as PEM text, and the public key that belongs to it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


@dataclass(frozen=True)
class App:
    """A registered GitHub App: what signs for it, and where it is installed."""

    id: int
    key: rsa.RSAPublicKey
    client_id: str = "Iv23liSandbox"
    installations: frozenset[int] = frozenset({1})
    slug: str = "reviewbot"
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(GRANTED))
    events: tuple[str, ...] = EVENTS
    accepted: Mapping[str, str] | None = None  # by installations, where it is not everything
    client_secret: str = field(default="", repr=False)
    callback: str = ""  # where people who signed in are sent back to


@dataclass(frozen=True)
class Caller:
    """Who asks, and what for. *permissions* are an installation token's, None of a PAT."""

    user: Mapping[str, Any]
    permissions: Mapping[str, str] | None = None
    repositories: frozenset[int | str] = frozenset()  # empty: all of them
    is_person: bool = False  # who signed in with the App

    @property
    def is_installation(self) -> bool:
        """Whether it speaks for a GitHub App."""
        return self.permissions is not None

    def demand(self, *permissions: str) -> None:
        """Raise GitHub's 403 unless it may write one of *permissions*."""
        if self.permissions is None:
            return
        if not any(self.permissions.get(name) in ("write", "admin") for name in permissions):
            raise Refused(403, "Resource not accessible by integration")

    def sees(self, repository: str, repository_id: int) -> bool:
        """Whether the token reaches a repository."""
        if self.is_person:
            return repository_id in self.repositories
        name = repository.lower().partition("/")[2]
        return not self.repositories or bool(self.repositories & {name, repository_id})


@dataclass
class Access:
    """Checks credentials and hands out installation tokens."""

    pat: str
    app: App | None
    clock: Callable[[], float] = time.time
    suspended: set[int] = field(default_factory=set)
    person: Callable[[str], Caller | None] = lambda _token: None
    _tokens: dict[str, tuple[Caller, float, int]] = field(default_factory=dict)

    def caller(self, header: str | None) -> Caller:
        """Who sent this Authorization header; raises 401 if nobody may have."""
        token = _credential(header)
        if self.pat and secrets.compare_digest(token.encode(), self.pat.encode()):
            return Caller(OWNER)
        if person := self.person(token):
            return person
        caller, expires, installation_id = self._tokens.get(token, (None, 0.0, 0))
        if caller is None or self.clock() >= expires:
            raise Refused(401, "Bad credentials")
        self.demand_active(installation_id)
        return caller

    def demand_active(self, installation_id: int) -> None:
        """Raise GitHub's 403 for an installation that was suspended."""
        if installation_id in self.suspended:
            raise Refused(403, "This installation has been suspended")

    def signed_app(self, header: str | None) -> App:
        """The App whose JWT this header carries; raises 401 if it does not hold."""
        token = _credential(header)
        if self.app is None:
            _bad_jwt("Integration must generate a public key")
        claims = _verified_claims(token, self.app.key)
        self._check_times(claims)
        if str(claims.get("iss")) not in (str(self.app.id), self.app.client_id):
            _bad_jwt("'Issuer' claim ('iss') must be an Integer")
        return self.app

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self.clock()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(expires, int | float) or expires <= now:
            _bad_jwt("'Expiration time' claim ('exp') must be a numeric value in the future")
        if expires > now + JWT_SECONDS:
            _bad_jwt("'Expiration time' claim ('exp') is too far in the future")
        if not isinstance(issued, int | float) or issued > now:
            _bad_jwt("'Issued at' claim ('iat') must be an Integer in the past")

    def issue(self, installation_id: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new token of an installation, narrowed as *body* wishes, never widened."""
        self.demand_active(installation_id)
        granted = self.app.permissions if self.app else GRANTED
        wanted = body.get("permissions") or granted
        for name, level in wanted.items():
            if _RANKS.index(level) > _RANKS.index(granted.get(name, "")):
                message = "The permissions requested are not granted to this installation."
                raise Refused(422, message)
        names = {name.lower() for name in body.get("repositories", ())}
        reach = frozenset(names | set(body.get("repository_ids", ())))
        token = "ghs_" + secrets.token_hex(20)
        expires = self.clock() + TOKEN_SECONDS
        permissions = {**wanted, "metadata": "read"}
        self._tokens[token] = (Caller(BOT, permissions, reach), expires, installation_id)
        return {
            "token": token,
            "expires_at": datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": permissions,
            "repository_selection": "selected" if reach else "all",
        }


def _credential(header: str | None) -> str:
    if not header:
        raise Refused(401, "Requires authentication")
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in ("bearer", "token") or not token.strip():
        raise Refused(401, "Bad credentials")
    return token.strip()


def _verified_claims(token: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    signed, _, signature = token.rpartition(".")
    head, _, body = signed.partition(".")
    try:
        key.verify(_unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        algorithm = json.loads(_unpadded(head))["alg"]
        claims = json.loads(_unpadded(body))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        _bad_jwt()
    if algorithm != "RS256" or not isinstance(claims, dict):
        _bad_jwt()
    return claims


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _bad_jwt(message: str = "A JSON web token could not be decoded") -> NoReturn:
    raise Refused(401, message)
