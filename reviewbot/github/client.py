"""GitHub's REST API over one strict session.

Requests rather than PyGithub's requester: that follows 301 for writes too (and drops the
query), reads whole answers into memory whatever their size, and decodes raw diffs by a guess.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urljoin, urlsplit

from reviewbot.domain.errors import ForgeUnavailable, SettingsError
from reviewbot.github.errors import Rejected, TooLarge, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests import PreparedRequest, Response, Session

    from reviewbot.github.auth import TokenSource

__all__ = ["GitHubClient", "JsonObject", "Rejected", "TooLarge"]

JsonObject = dict[str, Any]

LARGEST_ANSWER = 64 * 2**20  # bytes after decompression
_PIECE = 64 * 1024
_TIMEOUTS = (5.0, 30.0)  # connect, silence between two pieces
_LONGEST = 120.0  # seconds for a whole answer
_RETRY_AFTER = (0.5, 1.0, 2.0)  # seconds before the second, third and fourth GET
_UNAUTHORIZED = 401
_PASSING = {502, 503, 504}
_REDIRECTS = {301, 302, 307, 308}
_MOST_REDIRECTS = 3
_MOST_PAGES = 100
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Send(Protocol):
    """One request without a body."""

    def __call__(self) -> Answer:
        """Send it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; *next_query* leads to the next page, None on the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    next_query: str | None = None


class GitHubClient:
    """Speaks for one installation, or for a plain token with installation 0.

    GETs are sent again when the trouble looks passing; writes never are: whoever writes must
    look first whether the write stands. The token goes to the host of *api_url* only, so another
    *graphql_url* than there is passed over.
    """

    def __init__(
        self,
        api_url: str,
        tokens: TokenSource,
        installation_id: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        graphql_url: str = "",
    ) -> None:
        parts = urlsplit(api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"github.api_url: {api_url!r} is no http(s) address"
            raise SettingsError(message, "Use https://api.github.com or https://HOST/api/v3.")
        self.installation_id = installation_id
        self._base = api_url.rstrip("/")
        self._origin = (parts.scheme, parts.netloc)
        there = urlsplit(graphql_url)[:2] == self._origin
        self._graphql_url = graphql_url if there else _graphql_beside(self._base)
        self._host = parts.hostname
        self._tokens = tokens
        self._sleep = sleep
        self._session: Session | None = None

    def sleep(self, seconds: float) -> None:
        """Wait, as a retry does."""
        self._sleep(seconds)

    def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The JSON at *path*."""
        answer = self._read(path, params, "application/vnd.github+json")
        return _decoded(f"GET {path}", answer.body)

    def get_raw(self, path: str, accept: str, params: Mapping[str, str] | None = None) -> bytes:
        """The bytes at *path* in another media type; raises TooLarge beyond 64 MiB."""
        return self._read(path, params, accept).body

    def pages(
        self, path: str, params: Mapping[str, str] | None = None, within: str = ""
    ) -> Iterator[JsonObject]:
        """The items of all pages; *within* names the list where a page is an object.

        Of the link to the next page only the query is used, so it leads to no other place.
        """
        query: dict[str, str] = {"per_page": "100", **(params or {})}
        for _ in range(_MOST_PAGES):
            answer = self._read(path, query, "application/vnd.github+json")
            page = _decoded(f"GET {path}", answer.body)
            items = page.get(within) if within and isinstance(page, dict) else page
            if not isinstance(items, list):
                message = f"GET {path}: GitHub answered with something else than a list"
                raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.")
            yield from (item for item in items if isinstance(item, dict))
            if answer.next_query is None:
                return
            query = {**query, **dict(parse_qsl(answer.next_query))}

    def post(self, path: str, body: Mapping[str, Any]) -> JsonObject:
        """Create something; ForgeUnavailable means that nobody knows whether it stands."""
        return self._write("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> JsonObject:
        """Change something."""
        return self._write("PATCH", path, body)

    def graphql(self, query: str, variables: Mapping[str, Any]) -> JsonObject:
        """The whole answer, which has errors of its own beside what could be had."""
        body = {"query": query, "variables": variables}
        return self._send_body("POST /graphql", "POST", self._graphql_url, body)

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Change something, where what GitHub answers to that says nothing new."""
        what = f"{method} {path}"
        _checked(what, self._send(method, self._base + path, what, json_body=body))

    def _write(self, method: str, path: str, body: Mapping[str, Any]) -> JsonObject:
        return self._send_body(f"{method} {path}", method, self._base + path, body)

    def _send_body(self, what: str, method: str, url: str, body: Mapping[str, Any]) -> JsonObject:
        answer = self._send(method, url, what, json_body=body)
        written = _decoded(what, _checked(what, answer).body)
        if not isinstance(written, dict):
            message = f"{what}: GitHub answered with something else than an object"
            raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.")
        return written

    def _read(self, path: str, params: Mapping[str, str] | None, accept: str) -> Answer:
        what = f"GET {path}"

        def send() -> Answer:
            return self._follow(what, path, params, accept)

        return _checked(what, self._patiently(send))

    def _patiently(self, send: Send) -> Answer:
        """Send again when the trouble looks passing; the last time as it comes."""
        for seconds in _RETRY_AFTER:
            try:
                answer = send()
            except ForgeUnavailable:
                pass
            else:
                if answer.status not in _PASSING:
                    return answer
            self._sleep(seconds)
        return send()

    def _follow(
        self, what: str, path: str, params: Mapping[str, str] | None, accept: str
    ) -> Answer:
        """A GET and its redirects, as long as they stay on the same host."""
        url = self._base + path
        answer = self._send("GET", url, what, accept, params)
        for _ in range(_MOST_REDIRECTS):
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                break
            url = urljoin(url, location)
            if urlsplit(url)[:2] != self._origin:
                message = f"{what}: GitHub redirects to another host"
                raise ForgeUnavailable(message, "Set github.api_url to the host that answers.")
            answer = self._send("GET", url, what, accept)
        return answer

    def _send(
        self,
        method: str,
        url: str,
        what: str,
        accept: str = "application/vnd.github+json",
        params: Mapping[str, str] | None = None,
        *,
        json_body: Mapping[str, Any] | None = None,
    ) -> Answer:
        import requests

        token = self._tokens.token(self.installation_id)
        try:
            with self._opened().request(
                method,
                url,
                params=params,
                json=json_body,
                headers={"Accept": accept},
                auth=_bearer(token),
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code == _UNAUTHORIZED:
                    self._tokens.refused(self.installation_id, token)
                return _whole(what, response)
        except (requests.RequestException, OSError) as error:
            message = f"{what}: no answer from {self._host} ({type(error).__name__})"
            advice = "Check the network and github.api_url, then try again."
            raise ForgeUnavailable(message, advice) from None

    def _opened(self) -> Session:
        if self._session is None:
            import requests

            self._session = requests.Session()
            self._session.trust_env = self._host not in _LOOPBACK  # else for the proxy's sake
            self._session.headers.update(
                {"User-Agent": "reviewbot", "X-GitHub-Api-Version": "2022-11-28"}
            )
        return self._session


def _graphql_beside(base: str) -> str:
    """Where GraphQL is: at github.com beside REST, at an Enterprise Server beside its version."""
    return f"{base.removesuffix('/v3')}/graphql"


def _bearer(token: str) -> Callable[[PreparedRequest], PreparedRequest]:
    """Sets the header itself, so that no ``.netrc`` can replace it."""

    def sign(request: PreparedRequest) -> PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _whole(what: str, response: Response) -> Answer:
    ends = time.monotonic() + _LONGEST
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > LARGEST_ANSWER:
            message = f"{what}: the answer is larger than {LARGEST_ANSWER // 2**20} MiB"
            raise TooLarge(message)
        if time.monotonic() > ends:
            message = f"{what}: the answer took longer than {_LONGEST:.0f} s"
            raise ForgeUnavailable(message, "Try again later.")
    url = response.links.get("next", {}).get("url")
    query = urlsplit(url).query if url else None
    return Answer(response.status_code, response.headers, bytes(body), query)


def _checked(what: str, answer: Answer) -> Answer:
    if answer.status in range(200, 300):
        return answer
    raise refusal(what, answer.status, answer.headers, answer.body)


def _decoded(what: str, body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        message = f"{what}: GitHub's answer is no JSON"
        raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.") from None
