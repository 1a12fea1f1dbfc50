"""Who may look, and at what: an administrator's token, or people whom GitHub knows."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from reviewbot.domain.errors import Forbidden
from reviewbot.entrypoints.dashboard.seal import Seal, matches, proof
from reviewbot.github.people import Reach, reach_of
from reviewbot.ledger.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.github.people import OAuthApp

RIGHTS_SECONDS = 300  # how old an answer of GitHub's about rights may be
OAUTH_SECONDS = 600  # for a person to come back from GitHub
FORM_SECONDS = 3600
_MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may look, and how far they see."""

    name: str
    sight: Sight
    is_signed_in: bool = False  # by a cookie, so that they can sign out


@dataclass(frozen=True, slots=True)
class Doors:
    """How people may come in; without any, nobody can.

    *url* is the address that people reach this server by, empty where nobody said.
    """

    token: str = field(default="", repr=False)
    oauth: OAuthApp | None = None
    api_url: str = ""
    admins: frozenset[str] = frozenset()  # logins in lower case
    session_seconds: int = 3600
    url: str = ""


class EndedSessions(Protocol):
    """Remembers which sessions were ended before their time."""

    def end(self, session_id: str, seconds: int) -> None:
        """End one that would have lasted so many seconds more at the most."""

    def is_ended(self, session_id: str) -> bool:
        """Whether somebody ended it."""


class Gate:
    """Knows visitors by header or cookie; safe between threads."""

    def __init__(
        self,
        doors: Doors,
        secret: bytes,
        now: Callable[[], float] = time.time,
        reach: Callable[[str, str], Reach] = reach_of,
        *,
        ended: EndedSessions,
    ) -> None:
        self.doors = doors
        self._ended = ended
        self.sessions = Seal(secret, "session", doors.session_seconds, now)
        self.journeys = Seal(secret, "oauth", OAUTH_SECONDS, now)
        self.secret = secret
        self._now, self._reach = now, reach
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Reach]] = {}

    def visitor(self, authorization: str | None, cookie: str | None) -> Visitor | None:
        """Who asks; None for nobody who may look. Raises ForgeError while GitHub cannot be asked.

        A header is not made up for by a cookie.
        """
        if authorization is not None:
            scheme, _, given = authorization.partition(" ")
            is_admin = scheme.casefold() == "bearer" and self.is_admins_token(given)
            return Visitor("administrator", Sight()) if is_admin else None
        session = self.sessions.open(cookie)
        if session is None or self._ended.is_ended(str(session.get("id"))):
            return None
        return self._person(session) if "token" in session else self._administrator(session)

    def is_admins_token(self, given: str) -> bool:
        """Whether it is the configured token; nothing is where none is configured."""
        return bool(self.doors.token) and matches(given, self.doors.token)

    def session_of_admin(self) -> str:
        """A session that ends when the token is changed."""
        return self._session({"proof": self._proof_of_token()})

    def session_of(self, token: str) -> str:
        """A session of whoever holds this token of GitHub's."""
        return self._session({"token": token})

    def sign_out(self, cookie: str) -> None:
        """End the cookie's session, wherever else the cookie is known."""
        if session := self.sessions.open(cookie):
            self._ended.end(str(session.get("id")), self.doors.session_seconds)

    def _session(self, values: dict[str, str]) -> str:
        return self.sessions.close({"id": secrets.token_hex(16), **values})

    def _administrator(self, session: dict[str, Any]) -> Visitor | None:
        holds = self.doors.token and matches(session.get("proof"), self._proof_of_token())
        return Visitor("administrator", Sight(), is_signed_in=True) if holds else None

    def _proof_of_token(self) -> str:
        return proof(self.secret, "token", self.doors.token)

    def _person(self, session: dict[str, Any]) -> Visitor | None:
        if self.doors.oauth is None:
            return None
        try:
            reach = self._rights(str(session["token"]))
        except Forbidden:
            return None  # revoked, or ended
        is_admin = reach.login.lower() in self.doors.admins
        sight = Sight() if is_admin else Sight(reach.repositories)
        return Visitor(reach.login, sight, is_signed_in=True)

    def _rights(self, token: str) -> Reach:
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            ends, known = self._known.get(key, (0.0, None))
        if known is not None and self._now() < ends:
            return known
        asked_at = self._now()
        reach = self._reach(token, self.doors.api_url)
        with self._lock:
            if len(self._known) >= _MOST_PEOPLE:
                self._known.clear()
            self._known[key] = (asked_at + RIGHTS_SECONDS, reach)
        return reach
