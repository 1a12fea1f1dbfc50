"""Pull requests, and requests to review them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class PullKey:
    """Which pull request: GitHub's repository id outlives renames and transfers."""

    repository_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.repository_id}/{self.number}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who opened a pull request; *outside* means that GitHub knows no tie to the repository."""

    id: int
    login: str
    is_bot: bool = False
    outside: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub shows it at one moment.

    *title* and *labels* serve the policy, *title* and *body* the command ``describe``: what an
    author says of a change is never shown to a model that judges it.
    """

    key: PullKey
    repository: str  # owner/name
    title: str
    author: Author
    head_sha: str
    base_sha: str
    base_branch: str
    default_branch: str
    is_open: bool = True
    is_draft: bool = False
    labels: tuple[str, ...] = ()
    installation_id: int = 0  # 0 outside a GitHub App
    private: bool = False
    head_branch: str = ""
    body: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.repository}#{self.key.number}"


RETITLED = "retitled"  # why it is looked at again: only its title changed


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Which pull request to review, and what asked for it.

    *trigger* tells one asking from the next for the same head, so that a review
    started again after a crash is the same review, and a re-run is a new one.
    """

    repository: str  # owner/name
    number: int
    trigger: str
    installation_id: int = 0
    full: bool = False  # asked for by a person: drafts, labels and authors do not matter
    only_framing: bool = False  # nothing but labels or the title changed since the last look

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an event asks for: that a pull request be looked at anew.

    Events are hints: what matters is fetched again when the wish is granted.
    """

    key: PullKey
    repository: str  # owner/name
    installation_id: int
    reason: str  # "opened", "synchronize", …
    full: bool = False
    asked_by: str = ""  # whose right to ask is looked at when the wish is granted
