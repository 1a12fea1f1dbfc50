"""Puts findings of other tools on the changed lines, and tells what the models made of them.

They reach a model as claims beside the code, never as instructions, and can silence nothing.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Finding, Side, Verdict
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.tip import Hearing, Tip, Tips
from reviewbot.review import wording
from reviewbot.review.prompt import Claim
from reviewbot.review.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.tip import ToolFinding
    from reviewbot.review.plan import Plan
    from reviewbot.review.prompt import Task
    from reviewbot.review.reading import Readings, Story

MOST_CLAIMS = 12  # of a chunk: the verdicts have to fit the answer
_LONGEST_NAME = 100
_LONGEST_TITLE = 120
_LONGEST_MESSAGE = 600
_HEARINGS = {
    Verdict.CONFIRMED: Hearing.CONFIRMED,
    Verdict.CORRECTED: Hearing.CONFIRMED,
    Verdict.REJECTED: Hearing.DISMISSED,
    Verdict.UNCERTAIN: Hearing.UNDECIDED,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """Tools' findings by the place of their chunk in the plan; *left* goes to no model."""

    claims: Mapping[int, tuple[Claim, ...]] = field(default_factory=dict)
    left: tuple[Tip, ...] = ()
    outside: int = 0

    def join(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks of the plan's chunks, each with what tools say of it."""
        return [replace(task, tips=self.claims.get(index, ())) for index, task in enumerate(tasks)]


NOTHING_PLACED = Placed()


def place(
    found: Sequence[ToolFinding], diff: Diff, plan: Plan, patterns: Sequence[str] = ()
) -> Placed:
    """Find each one's changed line; *diff* holds no secrets, *patterns* find more in words."""
    if not found:
        return NOTHING_PLACED
    lines = _Changed(diff)
    located = [(tool, at) for tool in found if (at := lines.of(tool)) is not None]
    named = _named([_finding(tool, at, patterns) for tool, at in located])
    homes = {
        (chunk.path, line.new): index
        for index, chunk in enumerate(plan.chunks)
        for piece in chunk.pieces
        for line in piece.lines
        if line.sign == "+"
    }
    claims: dict[int, list[Claim]] = {}
    left: list[Tip] = []
    for claim in named:
        home = homes.get((claim.finding.path, claim.finding.start_line))
        if home is None:
            left.append(Tip(claim.finding, Hearing.NOT_JUDGED, Phrase("its file is not read")))
        elif len(claims.setdefault(home, [])) < MOST_CLAIMS:
            claims[home].append(claim)
        else:
            left.append(Tip(claim.finding, Hearing.NOT_JUDGED, Phrase("more are reported here")))
    outside = len(found) - len(located)
    return Placed({home: tuple(each) for home, each in claims.items()}, tuple(left), outside)


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    number: int
    text: str


class _Changed:
    """The lines that a diff adds, by file."""

    def __init__(self, diff: Diff) -> None:
        self._texts = {
            file.path: {
                line.new: line.text
                for hunk in file.hunks
                for line in hunk.lines
                if line.sign == "+" and line.new is not None and line.text.strip()
            }
            for file in diff.files
        }
        self._numbers = {path: sorted(texts) for path, texts in self._texts.items()}

    def of(self, tool: ToolFinding) -> _Line | None:
        """The first changed line that a finding is on."""
        for place in tool.places:
            path = self._file(place.path)
            numbers = self._numbers.get(path, [])
            at = bisect_left(numbers, place.start_line)
            if at < len(numbers) and numbers[at] <= place.end_line:
                return _Line(path, numbers[at], self._texts[path][numbers[at]])
        return None

    def _file(self, path: str) -> str:
        """The file of the diff; of an absolute path the one whose name it ends in."""
        if not path.startswith("/"):
            return path
        parts = path.split("/")
        ends = ("/".join(parts[nth:]) for nth in range(1, len(parts)))
        known = [end for end in ends if end in self._texts]
        return known[0] if len(known) == 1 else ""


def _finding(tool: ToolFinding, at: _Line, patterns: Sequence[str]) -> Finding:
    """A tool's words as a claim: cleaned, without secrets, about one line of the diff."""
    message = redact_text(wording.spoken(tool.message), patterns)
    said = wording.one_line(message) or "no words"
    name = wording.one_line(redact_text(f"{tool.tool} {tool.rule}", patterns))
    return Finding(
        path=at.path,
        side=Side.RIGHT,
        start_line=at.number,
        end_line=at.number,
        quote=at.text,
        category=tool.category,
        severity=tool.severity,
        confidence=0.0,  # no model has looked
        title=wording.shortened(said, _LONGEST_TITLE),
        explanation=wording.shortened(said, _LONGEST_MESSAGE),
        cwe=tool.cwe,
        reported_by=wording.shortened(name, _LONGEST_NAME),
    )


def _named(findings: Sequence[Finding]) -> list[Claim]:
    """Each once, gravest first; named by what it says, so that the same claim keeps its name."""
    unique = sorted(set(findings), key=lambda f: (f.severity.rank, f.path, f.start_line, f.title))
    seen = Counter[str]()
    claims: list[Claim] = []
    for finding in unique:
        about = (finding.reported_by, finding.path, finding.quote, finding.title)
        name = "t" + hashlib.sha256("\0".join(about).encode(errors="replace")).hexdigest()[:7]
        nth = seen[name]
        seen[name] += 1
        claims.append(Claim(f"{name}-{nth}" if nth else name, finding))
    return claims


# --- what came of them -----------------------------------------------------------------------


def heard(placed: Placed, readings: Readings) -> Tips:
    """What the models made of every one."""
    judged = [tip for story in readings.stories for tip in _tips(story)]
    return Tips((*judged, *placed.left), placed.outside)


def _tips(story: Story) -> Iterator[Tip]:
    strong = story.strong_reading()
    rulings = {ruling.id: ruling for ruling in strong.rulings} if strong else {}
    why = Phrase("the models said nothing of it") if strong else story.unjudged()
    for claim in story.first.tips:
        ruling = rulings.get(claim.id)
        if ruling is None:
            yield Tip(claim.finding, Hearing.NOT_JUDGED, why)
        else:
            yield Tip(claim.finding, _HEARINGS[ruling.verdict], ruling.reason)
