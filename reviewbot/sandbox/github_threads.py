"""What people do with threads on lines, by other hands than the API's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.sandbox.github_views import show_user
from reviewbot.sandbox.github_writing import store_reaction

if TYPE_CHECKING:
    from reviewbot.sandbox.github_hub import Hub


@dataclass(frozen=True, slots=True)
class ThreadDeeds:
    """Threads are named by the comment that begins them."""

    hub: Hub

    def resolve(self, comment_id: int, login: str, user_id: int) -> None:
        """Let somebody resolve a thread, as only authors and writers may."""
        store = self.hub.store
        with store.lock:
            state, _ = store.on_line(comment_id)
            if login != state.pull.author_login and not store.may_write(login):
                message = f"{login} sees no button to resolve it"
                raise PermissionError(message)
            state.resolved[comment_id] = show_user(login, user_id, "User")

    def reopen(self, comment_id: int) -> None:
        """Let somebody open a resolved thread again; KeyError if it is open."""
        with self.hub.store.lock:
            state, _ = self.hub.store.on_line(comment_id)
            del state.resolved[comment_id]

    def react(
        self, comment_id: int, content: str, login: str, user_id: int, kind: str = "User"
    ) -> None:
        """Let somebody, or a Bot, react to a comment on a line, with +1 or another of GitHub's."""
        with self.hub.store.lock:
            state, _ = self.hub.store.on_line(comment_id)
            who = show_user(login, user_id, kind)
            store_reaction(self.hub, state, comment_id, content, who)

    def unreact(self, comment_id: int, login: str) -> None:
        """Let somebody take all reactions to a comment back."""
        with self.hub.store.lock:
            state, _ = self.hub.store.on_line(comment_id)
            state.reactions[:] = [
                each
                for each in state.reactions
                if (each["comment_id"], each["user"]["login"]) != (comment_id, login)
            ]
