"""Who may write to a repository, asked at the moment when it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from reviewbot.domain.errors import NotFound

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubClient

_WRITES = {"admin", "write"}  # GitHub names maintainers' permission "write" too


def may_write(
    client: GitHubClient, repository: str, login: str, user_id: int | None = None
) -> bool:
    """Whether a person has write access; raises what the client raises.

    With *user_id*, only the account of that id under that login: logins change hands.
    """
    path = f"/repos/{quote(repository)}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer = client.get(path)
    except NotFound:
        return False
    if not isinstance(answer, dict) or answer.get("permission") not in _WRITES:
        return False
    user = answer.get("user")
    return user_id is None or (isinstance(user, dict) and user.get("id") == user_id)
