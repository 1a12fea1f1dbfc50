"""Threads on lines, which only GraphQL knows: what people did with them, and resolving them.

Where there is no GraphQL, or no right to it, nothing is known and nothing is resolved. That is
no error: everything else about a review works without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reviewbot.domain.command import Sender
from reviewbot.domain.errors import ForgeError
from reviewbot.domain.feedback import Reception
from reviewbot.github.payload import Payload
from reviewbot.github.permission import may_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.github.client import GitHubClient

_MOST_PAGES = 10  # of a hundred threads
_WHO = "{ __typename login databaseId resourcePath }"
_VOTER = f"nodes {{ user {_WHO} }}"
_READ = f"""
query ($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviewThreads(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id isResolved isOutdated viewerCanResolve
          resolvedBy {_WHO}
          comments(first: 1) {{
            nodes {{
              id databaseId
              author {{ __typename login }}
              likes: reactions(content: THUMBS_UP, first: 50) {{ {_VOTER} }}
              dislikes: reactions(content: THUMBS_DOWN, first: 50) {{ {_VOTER} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}"""


class _Model(Payload):
    model_config = ConfigDict(alias_generator=to_camel)


class _Actor(_Model):
    typename: str = Field(default="User", alias="__typename")
    login: str = ""
    database_id: int | None = None
    resource_path: str = ""

    @property
    def is_person(self) -> bool:
        """Where GitHub's schema has users only, the address of a bot's page tells it from them."""
        is_bot = self.login.endswith("[bot]") or self.resource_path.startswith("/apps/")
        return bool(self.login) and self.typename == "User" and not is_bot


class _Reaction(_Model):
    user: _Actor | None = None


class _Reactions(_Model):
    nodes: tuple[_Reaction | None, ...] = ()


class _Comment(_Model):
    id: str = ""
    database_id: int | None = None
    author: _Actor | None = None
    likes: _Reactions = _Reactions()
    dislikes: _Reactions = _Reactions()


class _Comments(_Model):
    nodes: tuple[_Comment | None, ...] = ()


class _Thread(_Model):
    id: str
    is_resolved: bool = False
    is_outdated: bool = False
    viewer_can_resolve: bool = True
    resolved_by: _Actor | None = None
    comments: _Comments = _Comments()


class _PageInfo(_Model):
    has_next_page: bool = False
    end_cursor: str | None = None


class _Page(_Model):
    page_info: _PageInfo = _PageInfo()
    nodes: tuple[_Thread | None, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    repository: str
    number: int


class Threads:
    """The threads of pull requests, as far as one client may see and resolve them."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client
        self._may_read = self._may_resolve = True
        self._writers: dict[tuple[str, Sender], bool] = {}

    def follow(
        self, repository: str, pull: PullKey, posted: Sequence[PostedFinding]
    ) -> tuple[PostedFinding, ...]:
        """What was posted, each with what people did with its thread, as far as that is known."""
        if not posted:
            return ()
        found = self._receptions(_Place(repository, pull.number))
        return tuple(
            replace(each, reception=found.get(each.comment_id) or found.get(each.node_id))
            for each in posted
        )

    def with_rights(
        self, repository: str, posted: Sequence[PostedFinding]
    ) -> tuple[PostedFinding, ...]:
        """The same, saying of those who resolved threads whether they may write to the code."""
        return tuple(self._with_right(repository, each) for each in posted)

    def _with_right(self, repository: str, posted: PostedFinding) -> PostedFinding:
        told = posted.reception
        if told is None or told.resolved_by is None or posted.is_fixed:
            return posted
        writes = self._writes(repository, told.resolved_by)
        return replace(posted, reception=replace(told, resolver_writes=writes))

    def _writes(self, repository: str, who: Sender) -> bool:
        """Whether somebody may write; looked up once a run, and no where nobody can tell."""
        key = (repository, who)
        if key not in self._writers:
            try:
                self._writers[key] = may_write(self._client, repository, who.login, who.id)
            except ForgeError:
                self._writers[key] = False
        return self._writers[key]

    # --- reading -----------------------------------------------------------------------------

    def _receptions(self, place: _Place) -> dict[str, Reception]:
        """By both names of the comment that begins a thread: the REST API's, and GraphQL's."""
        found: dict[str, Reception] = {}
        for thread in self._threads(place):
            first = next(filter(None, thread.comments.nodes), None)
            if first is None:
                continue
            reception = _reception(thread, first)
            if first.database_id is not None:
                found[str(first.database_id)] = reception
            if first.id:
                found[first.id] = reception
        return found

    def _threads(self, place: _Place) -> Iterator[_Thread]:
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._page(place, after)
            yield from filter(None, page.nodes)
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or not after:
                return

    def _page(self, place: _Place, after: str | None) -> _Page:
        owner, _, name = place.repository.partition("/")
        about = {"owner": owner, "name": name, "number": place.number, "after": after}
        answer = self._asked(_READ, about) if self._may_read else {}
        found = _within(answer, "data", "repository", "pullRequest", "reviewThreads")
        try:
            return _Page.model_validate(found)
        except ValidationError:
            self._may_read = False
            return _Page()

    # --- resolving ---------------------------------------------------------------------------

    def resolve(self, threads: Sequence[str]) -> None:
        """Resolve threads in one request; after a refusal nothing more is tried in this run."""
        wanted = [each for each in threads if each]
        if not wanted or not self._may_resolve:
            return
        names = [f"$t{n}: ID!" for n in range(len(wanted))]
        fields = [
            f"r{n}: resolveReviewThread(input: {{threadId: $t{n}}}) {{ thread {{ isResolved }} }}"
            for n in range(len(wanted))
        ]
        query = f"mutation ({', '.join(names)}) {{ {' '.join(fields)} }}"
        answer = self._asked(query, {f"t{n}": each for n, each in enumerate(wanted)})
        self._may_resolve = bool(answer) and not answer.get("errors")

    def _asked(self, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer; empty where GitHub gives none, for whatever reason."""
        try:
            return self._client.graphql(query, variables)
        except ForgeError:
            return {}


def _within(answer: object, *names: str) -> object:
    for name in names:
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def _reception(thread: _Thread, first: _Comment) -> Reception:
    own = first.author.login if first.author and first.author.typename == "Bot" else ""
    by = thread.resolved_by if thread.is_resolved else None
    return Reception(
        thread=thread.id if thread.viewer_can_resolve and not thread.is_resolved else "",
        resolved_by=next(_people([by], own), None),
        is_outdated=thread.is_outdated,
        liked_by=tuple(_people([each.user for each in first.likes.nodes if each], own)),
        disliked_by=tuple(_people([each.user for each in first.dislikes.nodes if each], own)),
    )


def _people(actors: Sequence[_Actor | None], own: str) -> Iterator[Sender]:
    for actor in actors:
        if actor and actor.database_id and actor.is_person and actor.login != own:
            yield Sender(actor.database_id, actor.login)
