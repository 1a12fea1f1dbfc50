"""Reads what became of a repository's pull requests: those merged, and what people said of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, ValidationError

from reviewbot.domain.finding import Side
from reviewbot.domain.past import MergedPull, Remark
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from reviewbot.github.client import GitHubClient

_DIFF = "application/vnd.github.diff"
_NUMBER = re.compile(r"/pulls/([1-9][0-9]{0,9})$")
_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]


class _User(Payload):
    id: int
    type: str = "User"


class _End(Payload):
    sha: _Sha


class _Pull(Payload):
    number: int
    title: str
    user: _User | None
    merged_at: datetime | None
    updated_at: datetime
    base: _End
    head: _End


class _Remark(Payload):
    pull_request_url: str
    user: _User | None
    path: str
    body: str
    side: Side | None = None
    original_line: int | None = None
    original_start_line: int | None = None
    original_commit_id: _Sha
    in_reply_to_id: int | None = None


T = TypeVar("T", bound=Payload)


class Past:
    """One repository's past; raises what the client raises."""

    def __init__(self, client: GitHubClient, repository: str) -> None:
        self._client = client
        self._path = f"/repos/{repository}"

    def merged(self, since: datetime) -> Iterator[MergedPull]:
        """The pull requests that were merged since, the latest changed first."""
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        for item in self._client.pages(f"{self._path}/pulls", query):
            pull = _read(_Pull, item)
            if pull is None:
                continue
            if pull.updated_at < since:
                return
            if pull.merged_at is not None and pull.merged_at >= since:
                yield MergedPull(
                    number=pull.number,
                    title=pull.title,
                    author_id=pull.user.id if pull.user else 0,
                    merged_at=pull.merged_at,
                    base_sha=pull.base.sha,
                    head_sha=pull.head.sha,
                )

    def remarks(self, since: datetime) -> Iterator[Remark]:
        """What people said first in threads on lines of new files since."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for item in self._client.pages(f"{self._path}/pulls/comments", {"since": moment}):
            said = _read(_Remark, item)
            if said is None or said.user is None or said.user.type != "User":
                continue
            number = _NUMBER.search(said.pull_request_url)
            is_first = said.in_reply_to_id is None and said.side is Side.RIGHT
            if number and is_first and said.original_line:
                yield Remark(
                    number=int(number[1]),
                    author_id=said.user.id,
                    commit=said.original_commit_id,
                    path=said.path,
                    start_line=said.original_start_line or said.original_line,
                    end_line=said.original_line,
                    text=said.body,
                )

    def diff(self, base: str, head: str) -> bytes:
        """What *head* changed since it parted from *base*, as a unified diff."""
        return self._client.get_raw(f"{self._path}/compare/{base}...{head}", _DIFF)


def _read(model: type[T], item: Mapping[str, Any]) -> T | None:
    """An item of a list; None for one that is not what GitHub documents."""
    try:
        return model.model_validate(item)
    except ValidationError:
        return None
