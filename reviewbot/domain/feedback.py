"""What people did with a posted finding, and what that says of its worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.command import Sender
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey


@dataclass(frozen=True, slots=True)
class Reception:
    """A finding's thread as people left it; bots, reviewbot among them, are nobody here.

    *thread* is GitHub's id of it, empty once it is resolved or where reviewbot may not resolve
    it. *resolver_writes* says whether the resolver may write to the repository now; only reviews
    look that up.
    """

    thread: str = ""
    resolved_by: Sender | None = None
    resolver_writes: bool = False
    is_outdated: bool = False
    liked_by: tuple[Sender, ...] = ()
    disliked_by: tuple[Sender, ...] = ()


class Acceptance(StrEnum):
    """Whether people found a finding worth having."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Because(StrEnum):
    """What an acceptance is taken from."""

    THUMBS = "thumbs"
    IGNORED = "ignored"
    FIXED = "fixed"
    RESOLVED = "resolved"
    DISPUTED = "disputed"  # as many thumbs up as down
    SILENCE = ""  # nobody did anything


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of what became of a finding.

    *ignored_by* are the ids of those who told reviewbot to ignore it, or its rule.
    """

    reception: Reception = Reception()
    is_fixed: bool = False
    ignored_by: frozenset[int] = frozenset()


def judge(evidence: Evidence) -> tuple[Acceptance, Because]:
    """Whether a finding was accepted, and what that is taken from.

    People's own votes weigh over anything that is inferred. Each person has one: the command
    ``ignore`` is a vote against, 👎 is one, 👍 is one for; who gave both thumbs gave none. More
    votes for than against are *accepted*, more against than for are *rejected*.

    Without a majority a finding is *accepted* if the code that it is about was changed, or if a
    person resolved its thread and nobody voted against it. What was voted on as much for as
    against, and neither, is *unknown*, as is everything that nobody touched.
    """
    likes = {each.id for each in evidence.reception.liked_by}
    dislikes = {each.id for each in evidence.reception.disliked_by}
    up = likes - dislikes - evidence.ignored_by
    down = (dislikes - likes) | evidence.ignored_by
    if len(up) > len(down):
        return Acceptance.ACCEPTED, Because.THUMBS
    if len(down) > len(up):
        ignored = Because.IGNORED if evidence.ignored_by else Because.THUMBS
        return Acceptance.REJECTED, ignored
    if evidence.is_fixed:
        return Acceptance.ACCEPTED, Because.FIXED
    if down:
        return Acceptance.UNKNOWN, Because.DISPUTED
    if evidence.reception.resolved_by is not None:
        return Acceptance.ACCEPTED, Because.RESOLVED
    return Acceptance.UNKNOWN, Because.SILENCE


class Feedback(Protocol):
    """Remembers what people made of findings."""

    def learn(self, pull: PullKey, posted: Sequence[PostedFinding]) -> None:
        """Write down what people made of what was posted, as it is seen now."""
