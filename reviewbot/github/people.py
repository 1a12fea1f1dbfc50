"""People who sign in with GitHub through the App, and which repositories they may read."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx2

from reviewbot.domain.errors import Forbidden, ForgeUnavailable
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECONDS = 10.0  # for an answer
_LARGEST_ANSWER = 64 * 1024  # bytes
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The App as people sign in with it; *callback* empty is the one registered first."""

    server_url: str
    client_id: str
    client_secret: str = field(repr=False)
    callback: str = ""

    def authorize_url(self, state: str, verifier: str) -> str:
        """Where a person's browser is sent; *verifier* stays here until the code comes back."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": self.client_id,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **self._redirect(),
        }
        return f"{self.server_url.rstrip('/')}/login/oauth/authorize?{urlencode(query)}"

    def exchange(self, code: str, verifier: str) -> str:
        """The person's token for a code; raises Forbidden or ForgeUnavailable."""
        answer = self._ask(
            {
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "code": code,
                "code_verifier": verifier,
                **self._redirect(),
            }
        )
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            return token
        said = answer.get("error")  # with status 200
        message = f"GitHub gave no token: {said if isinstance(said, str) else 'no reason'}"
        raise Forbidden(message[:200], "Sign in again; check github.client_id and its secret.")

    def _redirect(self) -> dict[str, str]:
        return {"redirect_uri": self.callback} if self.callback else {}

    def _ask(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        what = "POST /login/oauth/access_token"
        url = f"{self.server_url.rstrip('/')}/login/oauth/access_token"
        proxied = urlsplit(url).hostname not in _LOOPBACK
        headers = {"Accept": "application/json", "User-Agent": "reviewbot"}
        try:
            with (
                httpx2.Client(timeout=_SECONDS, trust_env=proxied) as client,
                client.stream("POST", url, data=form, headers=headers) as response,
            ):
                body = b""
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _LARGEST_ANSWER:
                        break
                answer = json.loads(body) if response.status_code == HTTPStatus.OK else None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
            message = f"{what}: no usable answer ({type(error).__name__})"
            raise ForgeUnavailable(message, "Try again later.") from None
        if not isinstance(answer, dict):
            message = f"{what}: GitHub answered {response.status_code}"
            raise ForgeUnavailable(message, "Check github.server_url, then try again.")
        return answer


@dataclass(frozen=True, slots=True)
class Reach:
    """Who somebody is, and the ids of the repositories that GitHub lets them read."""

    login: str
    repositories: frozenset[int]


def reach_of(token: str, api_url: str) -> Reach:
    """Ask GitHub with the person's own token; raises ForgeError.

    Forbidden means that the token holds no longer.
    """
    client = GitHubClient(api_url, StaticToken(token))
    try:
        login = client.get("/user").get("login")
        if not isinstance(login, str) or not login:
            message = "GET /user: GitHub does not say whose token it is"
            raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.")
        return Reach(login, frozenset(_repositories(client)))
    finally:
        client.close()


def _repositories(client: GitHubClient) -> Iterator[int]:
    """Only where the App is installed: other repositories are none of this server's business."""
    for installation in client.pages("/user/installations", within="installations"):
        if isinstance(number := installation.get("id"), int):
            path = f"/user/installations/{number}/repositories"
            for repository in client.pages(path, within="repositories"):
                if isinstance(repository_id := repository.get("id"), int):
                    yield repository_id
