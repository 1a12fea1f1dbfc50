"""Commands that people write in comments on a pull request, as values."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reviewbot.domain.pull_request import PullKey

LONGEST = 2_000  # characters of a command; a question that needs more is an essay
_HEAD = re.compile(r"[0-9a-f]{7,64}")


class Place(StrEnum):
    """Where a comment stands."""

    BELOW = "below"  # in the pull request's conversation
    LINE = "line"  # in a thread on a line of the diff


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote a comment."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class CommandWish:
    """A command as an event brought it; whether its sender may give it is asked later.

    *said* is the command without the name that calls it. *thread* is the comment that begins
    the thread, 0 below a pull request.
    """

    key: PullKey
    repository: str  # owner/name
    installation_id: int
    place: Place
    comment_id: int
    thread: int
    sender: Sender
    said: str

    @property
    def name(self) -> str:
        """What tells it from every other command."""
        return f"{self.place}:{self.comment_id}"


class Breadth(Enum):
    """What ``ignore`` is about."""

    FINDING = "finding"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Review:
    """Look at the pull request again; *full* whatever the policy would skip."""

    full: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer a question about the pull request, or about the thread it is asked in."""

    question: str


@dataclass(frozen=True, slots=True)
class Explain:
    """Explain the finding that the thread is about."""


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what the pull request changes, and why."""


@dataclass(frozen=True, slots=True)
class Improve:
    """Suggest what could be better in the changed lines, short of defects."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Review nothing here until somebody says so."""


@dataclass(frozen=True, slots=True)
class Resume:
    """End a pause."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """Say in all threads that they are answered."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Silence the thread's finding, or the rule that it cites."""

    what: Breadth


@dataclass(frozen=True, slots=True)
class Cost:
    """Say what the pull request has cost."""


@dataclass(frozen=True, slots=True)
class ApproveCost:
    """Let a review that waits for it cost what was quoted; *head* may be cut, or empty."""

    head: str


@dataclass(frozen=True, slots=True)
class Config:
    """Show the policy that holds."""


@dataclass(frozen=True, slots=True)
class Help:
    """Say what there is; *unknown* is the word that was no verb, *nearest* the likeliest one."""

    unknown: str = ""
    nearest: str = ""


Command = (
    Review
    | Ask
    | Explain
    | Describe
    | Improve
    | Pause
    | Resume
    | Resolve
    | Ignore
    | Cost
    | ApproveCost
    | Config
    | Help
)


def read_command(said: str) -> Command:
    """What a command asks for; what nobody knows asks for help."""
    word, _, rest = said.strip().partition(" ")
    verb, rest = word.casefold(), rest.strip()
    if verb in _VERBS and (command := _VERBS[verb](rest)) is not None:
        return command
    if not verb:
        return Help()
    near = [verb] if verb in _VERBS else difflib.get_close_matches(verb, _VERBS, n=1)
    return Help(said[:60] if verb in _VERBS else word[:60], near[0] if near else "")


def _review(rest: str) -> Command | None:
    return Review(bool(rest)) if rest.casefold() in {"", "full"} else None


def _ask(rest: str) -> Command | None:
    return Ask(rest[:LONGEST]) if rest else None


def _ignore(rest: str) -> Command | None:
    words = {"": Breadth.FINDING, "rule": Breadth.RULE}
    return Ignore(words[rest.casefold()]) if rest.casefold() in words else None


def _approve(rest: str) -> Command | None:
    head = rest.casefold()
    return ApproveCost(head) if not head or _HEAD.fullmatch(head) else None


def _plain(command: Command) -> Callable[[str], Command | None]:
    """For verbs that take no words: what follows politely, such as *please*, does no harm."""
    return lambda _: command


_VERBS: Mapping[str, Callable[[str], Command | None]] = {
    "review": _review,
    "ask": _ask,
    "explain": _plain(Explain()),
    "describe": _plain(Describe()),
    "improve": _plain(Improve()),
    "pause": _plain(Pause()),
    "resume": _plain(Resume()),
    "resolve": _plain(Resolve()),
    "ignore": _ignore,
    "cost": _plain(Cost()),
    "approve-cost": _approve,
    "config": _plain(Config()),
    "help": _plain(Help()),
}
VERBS = tuple(_VERBS)
