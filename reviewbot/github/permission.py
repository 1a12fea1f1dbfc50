"""Who may write to a repository, asked at the moment when it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from reviewbot.domain.errors import NotFound

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubClient

_WRITES = {"admin", "write"}  # GitHub names maintainers' permission "write" too


def may_write(client: GitHubClient, repository: str, login: str) -> bool:
    """Whether a person has write access; raises what the client raises."""
    path = f"/repos/{quote(repository)}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer = client.get(path)
    except NotFound:
        return False
    return isinstance(answer, dict) and answer.get("permission") in _WRITES
