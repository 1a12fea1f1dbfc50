"""Models that quote and count badly on purpose, and a judge of the anchors that they get.

The judge reads the diff with the sandbox's reader and applies GitHub's rules as the sandbox does,
so that it shares no code with the anchors that it judges.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reviewbot.domain.diff import Anchor, Unanchored
from reviewbot.domain.finding import Side
from reviewbot.sandbox.github_diff import read_diff
from reviewbot.sandbox.github_errors import Refused
from reviewbot.sandbox.github_judge import judge_anchor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reviewbot.domain.anchors import AnchorIndex
    from reviewbot.domain.diff import Diff, FileDiff, Line

_SAMPLED = 40  # lines of a pull request that are quoted
_LONGEST = 5_000  # characters of a line that is quoted
_MISCOUNT = 60
_DISGUISE = str.maketrans({"'": "’", '"': "”", "-": "–", " ": "\u00a0"})  # noqa: RUF001
_UNMASKED = str.maketrans({"’": "'", "`": "'", "”": '"', "–": "-"})  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a model sees it; *after* are the lines below it in its hunk."""

    path: str
    line: Line
    after: tuple[Line, ...]
    twins: int  # lines of the file that read the same

    @property
    def side(self) -> Side:
        return Side.LEFT if self.line.sign == "-" else Side.RIGHT

    @property
    def number(self) -> int:
        return (self.line.old if self.line.sign == "-" else self.line.new) or 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a model says of a line; *text* is what it means to quote."""

    path: str
    side: Side
    quote: str
    hint: tuple[int, int]
    text: str


class HostileModel(Protocol):
    """Quotes a line in its own bad way; None where it cannot."""

    def __call__(self, shown: Shown) -> Claim | None: ...


def _claim(shown: Shown, quote: str, away: int = 0, lines: int = 1) -> Claim:
    first = shown.number + away
    return Claim(shown.path, shown.side, quote, (first, first + lines - 1), shown.line.text)


def honest(shown: Shown) -> Claim:
    return _claim(shown, shown.line.text)


def miscounts(shown: Shown) -> Claim:
    return _claim(shown, shown.line.text, _MISCOUNT)


def miscounts_ranges(shown: Shown) -> Claim:
    return _claim(shown, shown.line.text, -_MISCOUNT, lines=4)


def miscounts_repeated(shown: Shown) -> Claim | None:
    return miscounts(shown) if shown.twins > 1 else None


def drops_indentation(shown: Shown) -> Claim:
    return _claim(shown, shown.line.text.strip(), 3)


def keeps_the_sign(shown: Shown) -> Claim:
    return _claim(shown, f"{shown.line.sign}{shown.line.text}", -2)


def keeps_the_number(shown: Shown) -> Claim:
    return _claim(shown, f"{shown.number} {shown.line.sign} {shown.line.text}", _MISCOUNT)


def quotes_the_deleted(shown: Shown) -> Claim | None:
    """Quotes the old line, but means the new one below it."""
    if shown.line.sign != "-" or not shown.after or shown.after[0].sign != "+":
        return None
    number = shown.after[0].new or 0
    return Claim(shown.path, Side.RIGHT, shown.line.text, (number, number), shown.line.text)


def takes_the_wrong_side(shown: Shown) -> Claim:
    other = Side.LEFT if shown.side is Side.RIGHT else Side.RIGHT
    return Claim(shown.path, other, shown.line.text, (shown.number, shown.number), shown.line.text)


def quotes_several(shown: Shown) -> Claim:
    mine = [line for line in shown.after[:2] if line.sign in {" ", shown.line.sign}]
    quote = "\n".join(line.text.strip() for line in (shown.line, *mine))
    return _claim(shown, quote, _MISCOUNT, lines=1 + len(mine))


def disguises(shown: Shown) -> Claim:
    return _claim(shown, f"\u200b{shown.line.text.translate(_DISGUISE)}", _MISCOUNT)


def invents_a_path(shown: Shown) -> Claim:
    return Claim(f"invented/{shown.path}", shown.side, shown.line.text, (1, 1), "")


def invents_code(shown: Shown) -> Claim:
    number = shown.number
    return Claim(shown.path, shown.side, f"{shown.line.text} @@invented", (number, number), "")


MODELS: tuple[HostileModel, ...] = (
    honest,
    miscounts,
    miscounts_ranges,
    miscounts_repeated,
    drops_indentation,
    keeps_the_sign,
    keeps_the_number,
    quotes_the_deleted,
    takes_the_wrong_side,
    quotes_several,
    disguises,
    invents_a_path,
    invents_code,
)


# --- the judge -------------------------------------------------------------------------------


class Judge:
    """Holds anchors against GitHub's rules and against the text that was quoted."""

    def __init__(self, raw: bytes, diff: Diff) -> None:
        self._entries = read_diff(raw)
        self._texts = _texts(diff)

    def verdict(self, claim: Claim, found: Anchor | Unanchored, line: Shown) -> str:
        """*exact*, *twin* (an equal line elsewhere), *unanchored*, *refused* or *wrong*."""
        if isinstance(found, Unanchored):
            return "unanchored"
        comment = {"path": found.path, "line": found.line, "side": found.side.value}
        if found.start_line != found.line:
            comment |= {"start_line": found.start_line, "start_side": found.side.value}
        try:
            judge_anchor(comment, self._entries)
        except Refused:
            return "refused"
        quoted = {_folded(text) for text in (claim.text, *claim.quote.split("\n"))} - {""}
        texts = self._texts[found.path, found.side]
        numbers = range(found.start_line, found.line + 1)
        if not claim.text or not quoted & {_folded(texts[at]) for at in numbers if at in texts}:
            return "wrong"
        return "exact" if line.number in numbers and line.side is found.side else "twin"


def quoted_badly(diff: Diff, raw: bytes, index: AnchorIndex, seed: int) -> Counter[tuple[str, str]]:
    """What became of each model's claims: counts by model and verdict."""
    judge, counts = Judge(raw, diff), Counter[tuple[str, str]]()
    for shown in _sampled(diff, random.Random(seed)):  # noqa: S311
        for model in MODELS:
            if (claim := model(shown)) is None:
                continue
            found = index.anchor(claim.path, claim.side, claim.quote, claim.hint)
            counts[getattr(model, "__name__", "?"), judge.verdict(claim, found, shown)] += 1
    return counts


def _sampled(diff: Diff, chance: random.Random) -> Iterator[Shown]:
    """Some written lines of the diff."""
    hunks = [(file, hunk) for file in diff.files for hunk in file.hunks]
    places = [(nth, at) for nth, (_, hunk) in enumerate(hunks) for at in range(len(hunk.lines))]
    for nth, at in chance.sample(places, min(_SAMPLED, len(places))):
        file, hunk = hunks[nth]
        line = hunk.lines[at]
        if line.text.strip() and len(line.text) < _LONGEST:
            yield Shown(file.path, line, hunk.lines[at + 1 : at + 3], _twins(file, line))


def _twins(file: FileDiff, line: Line) -> int:
    words = line.text.split()
    return sum(other.text.split() == words for hunk in file.hunks for other in hunk.lines)


def _texts(diff: Diff) -> Mapping[tuple[str, Side], dict[int, str]]:
    texts: dict[tuple[str, Side], dict[int, str]] = {}
    for file in diff.files:
        old = texts.setdefault((file.path, Side.LEFT), {})
        new = texts.setdefault((file.path, Side.RIGHT), {})
        for line in (line for hunk in file.hunks for line in hunk.lines):
            if line.old is not None and line.sign == "-":
                old[line.old] = line.text
            if line.new is not None:
                new[line.new] = line.text
    return texts


def unfaithful(diff: Diff, raw: bytes) -> Sequence[str]:
    """The files whose lines the parser and the sandbox's reader see differently."""
    entries = read_diff(raw)
    seen: dict[str, list[str]] = {}
    for file in diff.files:
        of_path = seen.setdefault(file.path, [])
        of_path += [f"{line.sign}{line.text}" for hunk in file.hunks for line in hunk.lines]
    return [
        path
        for path, lines in seen.items()
        if path not in entries
        or lines
        != [
            row.decode(errors="replace")
            for hunk in entries[path].hunks
            for row in hunk.raw[1:]
            if not row.startswith(b"\\")
        ]
    ]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_UNMASKED))
    return re.sub(r"\s+|[\u200b-\u200f\u2060\ufeff\u00ad]", "", plain)
