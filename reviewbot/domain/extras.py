"""What a policy may want on a pull request besides its review: labels, and a described body."""

from __future__ import annotations

from dataclasses import dataclass

from reviewbot.domain.finding import Severity

CLEAN, INCOMPLETE = "clean", "incomplete"
WORDS = (*map(str, Severity), CLEAN, INCOMPLETE)  # that labels of reviewbot's end in


@dataclass(frozen=True, slots=True)
class Label:
    """A label as it is created where the repository has none of that name."""

    name: str
    color: str  # six hexadecimal digits
    description: str


@dataclass(frozen=True, slots=True)
class Extras:
    """Labels to have, of those that are reviewbot's to touch, and the body's block.

    Without *own_labels* labels are left alone, without *description* (Markdown) the body is.
    """

    labels: tuple[Label, ...] = ()
    own_labels: frozenset[str] = frozenset()
    description: str = ""
