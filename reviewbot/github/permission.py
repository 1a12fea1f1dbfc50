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

    With *user_id*, not another account under that login: logins change hands.
    """
    path = f"/repos/{quote(repository)}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer = client.get(path)
    except NotFound:
        return False
    if not isinstance(answer, dict) or answer.get("permission") not in _WRITES:
        return False
    user = answer.get("user")  # null where GitHub does not say
    holder = user.get("id") if isinstance(user, dict) else None
    return user_id is None or holder is None or holder == user_id
