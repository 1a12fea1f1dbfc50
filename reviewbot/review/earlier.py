"""Follows findings from one push to the next: nothing is said twice, and what is fixed is named.

A finding is known again by the code it is about, never by its wording: a model words the same
defect differently each time, and may quote a line beside the one it quoted before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Finding, Severity, Standing, Tier
from reviewbot.domain.outcome import Coverage, Fate, Judged
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.posted import PostedFinding, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.domain.anchors import AnchorIndex
    from reviewbot.domain.diff import Anchor, Spot
    from reviewbot.domain.outcome import Receipt
    from reviewbot.review.escalate import Surveyed
    from reviewbot.review.plan import Chunk

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")  # kana and ideographs
_ALIKE = 0.5  # share of title words that two findings on neighbouring lines have in common
_NEAR = 3  # lines between two quotes of one defect
_UNREAD = {Coverage.OVER_BUDGET, Coverage.FAILED}
_POSTED, _LISTED = Phrase("posted earlier"), Phrase("listed earlier")
_FATES = {False: (Fate.STANDING, _POSTED), True: (Fate.SUMMARY, _LISTED)}


def recognise(
    ranked: Sequence[Judged], posted: Iterable[PostedFinding], index: AnchorIndex
) -> list[Judged]:
    """Mark what was posted or listed before, under the name that it had then."""
    left = {each.fingerprint: each for each in posted if not each.is_fixed}
    for judged in ranked:
        left.pop(judged.fingerprint, None)
    exact = {
        each.fingerprint: each
        for each in posted
        if not each.is_fixed and each.fingerprint not in left
    }
    found: list[Judged] = []
    for judged in ranked:
        if judged.fate is not Fate.COMMENT:
            found.append(judged)
        elif same := exact.get(judged.fingerprint):
            found.append(_known(judged, same))
        elif twin := _twin(judged, left.values(), index):
            del left[twin.fingerprint]
            found.append(_known(judged, twin))
        elif beside := _unnamed_beside(judged, left.values(), index):
            found.append(_doubtful(judged, beside))
        else:
            found.append(judged)
    return found


def _known(judged: Judged, earlier: PostedFinding) -> Judged:
    fate, why = _FATES[earlier.is_listed]
    return replace(judged, fate=fate, fingerprint=earlier.fingerprint, why=why)


def _doubtful(judged: Judged, beside: PostedFinding) -> Judged:
    """News, or *beside* under other words and another category: nothing tells, so it is listed."""
    why = Phrase("beside an earlier finding that is not named again: {title}", title=beside.title)
    return replace(judged, fate=Fate.SUMMARY, why=why)


def remembered(judged: Judged, at: Anchor | Spot) -> PostedFinding:
    """What the next review knows a finding again by."""
    finding = judged.finding
    return PostedFinding(
        fingerprint=judged.fingerprint,
        path=at.path,
        side=at.side,
        category=finding.category,
        severity=finding.severity,
        digest=digest_of(judged.code[0]),
        title=finding.title,
    )


def listed(judged: Iterable[Judged]) -> list[PostedFinding]:
    """What stands in the summary alone, and is not raised again as long as its line stays.

    What the second look could not tell is not among it: confirmed, it would be news.
    """
    return [
        replace(remembered(each, at), is_listed=True)
        for each in judged
        if each.fate is Fate.SUMMARY and each.standing is not Standing.UNCERTAIN
        if (at := each.anchor or each.spot)
    ]


def _twin(
    judged: Judged, posted: Iterable[PostedFinding], index: AnchorIndex
) -> PostedFinding | None:
    """What was posted of the same defect on a line that stands beside this one's."""
    finding = judged.finding
    same = [
        each
        for each in posted
        if each.category is finding.category or alike(each.title, finding.title)
    ]
    return _beside(judged, same, index)


def _unnamed_beside(
    judged: Judged, posted: Iterable[PostedFinding], index: AnchorIndex
) -> PostedFinding | None:
    """What has a comment on a line beside this one's, of whatever kind and in whatever words."""
    return _beside(judged, [each for each in posted if not each.is_listed], index)


def _beside(
    judged: Judged, posted: Iterable[PostedFinding], index: AnchorIndex
) -> PostedFinding | None:
    anchor = judged.anchor
    if anchor is None:
        return None
    here = [each for each in posted if index.names(each.path) == anchor.path]
    around = {digest_of(text) for text in index.near(anchor, _NEAR)} if here else set()
    return next((each for each in here if each.digest in around), None)


def alike(title: str, other: str) -> bool:
    """Whether two titles share half of the shorter one's words."""
    mine, yours = _words(title), _words(other)
    return len(mine & yours) >= _ALIKE * min(len(mine), len(yours)) > 0


def _words(text: str) -> set[str]:
    """Its words; where no spaces part them, as in Chinese and Japanese, pairs of letters."""
    text = text.casefold()
    pairs = (pair for run in _UNSPACED.findall(text) for pair in pairwise(run))
    return {*map("".join, pairs), *re.findall(r"[^\W_]{3,}", _UNSPACED.sub(" ", text))}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of earlier findings that the new reading does not name."""

    still_open: tuple[Judged, ...]
    fixed: tuple[PostedFinding, ...]


def follow(
    judged: Sequence[Judged],
    posted: Iterable[PostedFinding],
    index: AnchorIndex,
    receipt: Receipt,
) -> Aftermath:
    """Fixed is what a new reading does not find and whose line is gone.

    What lies in a file that was not read in full stays open: nobody knows better.
    """
    named = {each.fingerprint for each in judged}
    unread = {e.segment.path for e in receipt.entries if e.coverage in _UNREAD}
    still_open: list[Judged] = []
    fixed: list[PostedFinding] = []
    for each in posted:
        if each.is_fixed or each.fingerprint in named:
            continue
        path = index.names(each.path) or each.path
        if path in unread:
            still_open.append(_unknown(each, path))
        elif not index.holds(path, each.side, each.digest):
            fixed.append(each)
    return Aftermath(tuple(still_open), tuple(fixed))


def _unknown(posted: PostedFinding, path: str) -> Judged:
    """An earlier finding as it is remembered: without a line of this diff."""
    fate, why = _FATES[posted.is_listed]
    finding = Finding(
        path=path,
        side=posted.side,
        start_line=0,
        end_line=0,
        quote="",
        category=posted.category,
        severity=posted.severity,
        confidence=1.0,
        title=posted.title,
        explanation=Phrase("{why}; its file was not read in full this time.", why=why),
    )
    return Judged(
        finding=finding,
        fingerprint=posted.fingerprint,
        anchor=None,
        tier=Tier.LOCAL,
        model="",
        standing=Standing.UNCHECKED,
        fate=fate,
        why=Phrase("{why}, not read again", why=why),
    )


def lost(surveyed: Surveyed, posted: Iterable[PostedFinding]) -> bool:
    """Whether the cheap tier no longer names a grave finding whose line is still in the chunk.

    A push that changes a line beside a defect must not hide it.
    """
    if surveyed.reading is None:
        return False
    named = {finding.category for finding in surveyed.reading.findings}
    grave = [
        each
        for each in posted
        if each.path == surveyed.task.chunk.path
        and each.severity.reaches(Severity.HIGH)
        and not each.is_fixed
        and each.category not in named
    ]
    return bool(grave) and not {each.digest for each in grave}.isdisjoint(
        _digests(surveyed.task.chunk)
    )


def unnamed(survey: Sequence[Surveyed], posted: Sequence[PostedFinding]) -> list[PostedFinding]:
    """What no chunk names that holds its line, which may stand in several chunks of its file."""
    paths = {each.path for each in posted}
    named = {
        (surveyed.task.chunk.path, finding.category, digest)
        for surveyed in survey
        if surveyed.reading is not None and surveyed.task.chunk.path in paths
        for digest in (_digests(surveyed.task.chunk) if surveyed.reading.findings else ())
        for finding in surveyed.reading.findings
    }
    return [each for each in posted if (each.path, each.category, each.digest) not in named]


def _digests(chunk: Chunk) -> set[str]:
    return {digest_of(line.text) for piece in chunk.pieces for line in piece.lines}
