"""What a rule of the scripted models is; it knows text, and never line numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Verdict

if TYPE_CHECKING:
    from reviewbot.domain.finding import Category, Severity

_LONGEST_LINE = 500  # characters; rules look no further
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|--)")
CODE = r"\.(?:py|pyi|[cm]?[jt]sx?|vue|svelte|go|rb|php|java|kt|cs|rs|scala|html?|ya?ml|sh)$"


@dataclass(frozen=True, slots=True)
class Sight:
    """A line of code and what is shown around it, without deleted lines."""

    path: str
    sign: str
    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Where:
    """The code that a rule speaks of; every pattern is searched for, the empty one is no wish."""

    line: str
    path: str = CODE
    sign: str = "+"
    near: str = ""  # must be shown around the line, or be in it
    later: str = ""  # must be shown below the line
    absent: str = ""  # must not be shown around the line, nor be in it if it is kept
    comments: bool = False  # whether comments are code to it

    def matches(self, sight: Sight) -> bool:
        """Whether a rule has something to say of a line."""
        text = sight.text[:_LONGEST_LINE]
        if sight.sign != self.sign or not _found(self.path, sight.path):
            return False
        if (_COMMENT.match(text) and not self.comments) or not _found(self.line, text):
            return False
        kept = "" if self.sign == "-" else text
        shown = f"{sight.before}\n{kept}\n{sight.after}"
        if self.absent and _found(self.absent, shown):
            return False
        return _found(self.near, shown) and _found(self.later, sight.after)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The strong model's verdict; *reason* may name the line as {quote}."""

    verdict: Verdict = Verdict.CONFIRMED
    confidence: float = 0.9
    reason: str = "The shown lines prove it: `{quote}` is reached without a guard."
    severity: Severity | None = None  # where it differs


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of defect, and what either model makes of it; *mend* rewrites the line."""

    where: Where
    category: Category
    severity: Severity
    confidence: float
    title: str
    explanation: str
    cwe: str | None = None
    mend: tuple[str, str] | None = None
    second: SecondLook = SecondLook()
    strong_only: bool = False

    def suggestion(self, text: str) -> str | None:
        """The line as it should be, or None where the rule knows no better."""
        if self.mend is None:
            return None
        mended = re.sub(self.mend[0], self.mend[1], text, count=1)
        return mended if mended != text else None


def _found(pattern: str, text: str) -> bool:
    return not pattern or re.search(pattern, text, re.IGNORECASE) is not None
