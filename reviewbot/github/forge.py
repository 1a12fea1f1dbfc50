"""GitHub as the port ``Forge``: reads here, writes in the publisher."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import Field, ValidationError

from reviewbot.domain.errors import ForgeUnavailable, NotFound
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.github.author import OwnWords
from reviewbot.github.base_files import read_base_files
from reviewbot.github.changed_files import read_diff
from reviewbot.github.payload import Payload
from reviewbot.github.posted import OnLines
from reviewbot.github.publisher import Publisher
from reviewbot.github.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.posting import Postbook
    from reviewbot.domain.pull_request import ReviewRequest
    from reviewbot.github.client import GitHubClient
    from reviewbot.github.markers import Marker
    from reviewbot.github.organisation import OrganisationPolicies
    from reviewbot.review.ports import BaseFiles, Check, Publication

_OUTSIDE = {"NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"}


class _User(Payload):
    id: int = 0
    login: str = "ghost"
    type: str = "User"


class _Repository(Payload):
    id: int
    full_name: str
    default_branch: str
    private: bool = False


class _Head(Payload):
    sha: str = Field(pattern=r"^[0-9a-f]{40,64}$")
    ref: str = ""


class _Base(_Head):
    ref: str
    repo: _Repository


class _Label(Payload):
    name: str


class _Pull(Payload):
    """The part of GitHub's pull request that is used; a deleted author is null."""

    number: int
    title: str
    body: str | None = None
    state: str
    draft: bool = False
    comments: int | None = None
    review_comments: int | None = None
    user: _User | None = None
    author_association: str = "NONE"
    head: _Head
    base: _Base
    labels: tuple[_Label, ...] = ()


class GitHubForge:
    """One review's view of GitHub."""

    def __init__(
        self,
        client: GitHubClient,
        postbook: Postbook,
        marker: Marker,
        organisations: OrganisationPolicies | None = None,
    ) -> None:
        self._client = client
        self._organisations = organisations
        words, self._threads = OwnWords(client, marker), Threads(client)
        self._words, self._on_lines = words, OnLines(client, words, self._threads)
        self._publisher = Publisher(client, postbook, marker, words, self._threads)
        self._bare: set[PullKey] = set()  # without comments on lines, when last seen
        self._read: dict[tuple[PullKey, str, str], BaseFiles] = {}  # by base commit and branch

    def pull_request(self, request: ReviewRequest) -> PullRequest:
        """The pull request as it is now."""
        path = f"/repos/{quote(request.repository)}/pulls/{request.number}"
        try:
            found = _Pull.model_validate(self._client.get(path))
        except NotFound as error:
            message = f"there is no pull request {request}, or the token may not read it"
            advice = "Check the number, and that the token has the right to read pull requests."
            raise NotFound(message, advice) from error
        except ValidationError as error:
            message = f"GET {path}: GitHub's answer is no pull request"
            raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.") from error
        pull = _pull_request(found, request.installation_id)
        self._publisher.noticed(pull.key, found.comments)
        if found.review_comments == 0:
            self._bare.add(pull.key)
        else:
            self._bare.discard(pull.key)
        return pull

    def base_files(self, pull: PullRequest) -> BaseFiles:
        """Policies and guidance: of the organisation, and of the base branches."""
        base = (pull.key, pull.base_sha, pull.base_branch)
        files = self._read.get(base) or read_base_files(self._client, pull)
        self._read = {base: files}
        if self._organisations is None:
            return files
        return replace(files, organisation=self._organisations.of(self._client, pull.repository))

    def diff(self, pull: PullRequest) -> Diff:
        """The whole diff; file by file where GitHub gives it in no other way."""
        return read_diff(self._client, pull)

    def posted(self, pull: PullRequest) -> Sequence[PostedFinding]:
        """What was posted before, and what people did with it."""
        if pull.key in self._bare:
            return ()
        posted = self._on_lines.of(pull.repository, pull.key)
        return self._threads.with_rights(pull.repository, posted)

    def begin(self, pull: PullRequest, says: str) -> None:
        """Show that a review of this head is under way."""
        self._publisher.begin(pull, says)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the check run without a review."""
        self._publisher.conclude(pull, check)

    def say(self, pull: PullRequest, text: str) -> None:
        """Put *text* where the summary of the pull request stands."""
        self._publisher.summarise(pull, text)

    def publish(self, publication: Publication) -> str:
        """Write everything once, however often it is called; returns the review's address."""
        self._bare.discard(publication.pull.key)
        return self._publisher.publish(publication)


def _pull_request(found: _Pull, installation_id: int) -> PullRequest:
    repository, user = found.base.repo, found.user or _User()
    outside = found.author_association in _OUTSIDE and not repository.private
    return PullRequest(
        key=PullKey(repository.id, found.number),
        repository=repository.full_name,
        title=found.title,
        body=found.body or "",
        author=Author(user.id, user.login, is_bot=user.type == "Bot", outside=outside),
        head_sha=found.head.sha,
        base_sha=found.base.sha,
        base_branch=found.base.ref,
        default_branch=repository.default_branch,
        is_open=found.state == "open",
        is_draft=found.draft,
        labels=tuple(label.name for label in found.labels),
        installation_id=installation_id,
        private=repository.private,
        head_branch=found.head.ref,
    )
