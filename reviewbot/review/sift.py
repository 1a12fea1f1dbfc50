"""Decides what becomes of each finding: posted, in the summary, or withheld with a reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Anchor
from reviewbot.domain.finding import Severity, Standing, Tier
from reviewbot.domain.outcome import Fate, Judged
from reviewbot.domain.phrase import Phrase
from reviewbot.review.earlier import alike, recognise
from reviewbot.review.silence import NOTHING_SILENCED, Silenced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.domain.anchors import AnchorIndex
    from reviewbot.domain.finding import Finding
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.review.weigh import Weighed

CONFIRMED_FROM = 0.60  # confidence, where the strong tier stands behind a finding
ALONE_FROM = 0.75  # confidence, from the cheap tier alone
_NEAR = 3  # lines


@dataclass(frozen=True, slots=True)
class Sieve:
    """What findings are held against."""

    index: AnchorIndex
    pull: PullKey
    policy: Policy
    posted: tuple[PostedFinding, ...] = ()
    silenced: Silenced = NOTHING_SILENCED


def sift(weighed: Iterable[Weighed], sieve: Sieve) -> tuple[Judged, ...]:
    """Judge every finding; none is lost, and none is said twice."""
    judged = [_place(each, sieve) for each in weighed]
    judged = [_threshold(each, sieve.policy) for each in judged]
    ranked = sorted(judged, key=_importance)
    known = recognise(_merge(ranked), sieve.posted, sieve.index)
    return tuple(_cap(map(sieve.silenced.judge, known), sieve.policy))


def _importance(judged: Judged) -> tuple[bool, int, bool, float, str, int]:
    finding = judged.finding
    return (
        judged.fate is Fate.WITHHELD,
        finding.severity.rank,
        judged.standing is not Standing.CONFIRMED,
        -finding.confidence,
        finding.path,
        judged.anchor.line if judged.anchor else 0,
    )


# --- places ----------------------------------------------------------------------------------


def _place(weighed: Weighed, sieve: Sieve) -> Judged:
    finding = weighed.finding
    hint = (finding.start_line, finding.end_line)
    found = sieve.index.anchor(finding.path, finding.side, finding.quote, hint)
    anchor = found if isinstance(found, Anchor) else None
    code = sieve.index.code(anchor) if anchor else ()
    return Judged(
        finding=replace(finding, path=anchor.path) if anchor else finding,
        fingerprint=_fingerprint(finding, anchor, sieve),
        anchor=anchor,
        tier=weighed.tier,
        model=weighed.model,
        standing=weighed.standing,
        fate=Fate.COMMENT if anchor else Fate.SUMMARY,
        why=weighed.why if isinstance(found, Anchor) else found.why,
        code=code,
    )


def _fingerprint(finding: Finding, anchor: Anchor | None, sieve: Sieve) -> str:
    """What a finding is about, however it is worded: the code, scoped to the pull request.

    Line numbers and words are left out, so that it survives moves and new readings; the
    count among equal lines of the file keeps twins apart.
    """
    if anchor is None:
        about = (finding.path, " ".join(finding.title.casefold().split()))
    else:
        line, nth = sieve.index.identity(anchor)
        about = (anchor.path, f"{anchor.side} {' '.join(line.split())} {nth}")
    return hashlib.sha256("\0".join((str(sieve.pull), *about)).encode()).hexdigest()[:20]


# --- thresholds ------------------------------------------------------------------------------


def _threshold(judged: Judged, policy: Policy) -> Judged:
    finding, standing = judged.finding, judged.standing
    if standing is Standing.REJECTED:
        return _withhold(judged, Phrase("rejected on the second look: {why}", why=judged.why))
    if not finding.severity.reaches(policy.min_severity):
        return _withhold(
            judged,
            Phrase(
                "below the policy's min_severity {severity}", severity=policy.min_severity.value
            ),
        )
    if standing is Standing.UNCERTAIN:
        grave = finding.severity.reaches(Severity.HIGH)
        why = Phrase("unconfirmed: {why}", why=judged.why)
        return replace(judged, fate=Fate.SUMMARY, why=why) if grave else _withhold(judged, why)
    least = CONFIRMED_FROM if standing is Standing.CONFIRMED else ALONE_FROM
    if finding.confidence < least:
        return _withhold(
            judged,
            Phrase(
                "confidence {confidence:.2f} is below {least:.2f}",
                confidence=finding.confidence,
                least=least,
            ),
        )
    return judged


def _withhold(judged: Judged, why: str) -> Judged:
    return replace(judged, fate=Fate.WITHHELD, why=why)


# --- repeats ---------------------------------------------------------------------------------


def _merge(ranked: Sequence[Judged]) -> list[Judged]:
    """One finding a cause: the weightiest speaks, its twins are withheld."""
    kept: list[Judged] = []
    for judged in ranked:
        twin = next((k for k in kept if k.is_open and _same_cause(k, judged)), None)
        if twin is None or not judged.is_open:
            kept.append(judged)
        else:
            kept.append(
                _withhold(judged, Phrase("same cause as: {title}", title=twin.finding.title))
            )
    return kept


def _same_cause(one: Judged, other: Judged) -> bool:
    if one.fingerprint == other.fingerprint:
        return True
    if one.anchor is None or other.anchor is None:
        return False
    if (one.anchor.path, one.anchor.side) != (other.anchor.path, other.anchor.side):
        return False
    if one.tier is Tier.LOCAL and one.anchor.line == other.anchor.line:
        return True
    return abs(one.anchor.line - other.anchor.line) <= _NEAR and alike(
        one.finding.title, other.finding.title
    )


# --- caps ------------------------------------------------------------------------------------


def _cap(ranked: Iterable[Judged], policy: Policy) -> list[Judged]:
    """The weightiest become comments; what is beyond the caps goes to the summary.

    What stands keeps its place, so that a further review does not go on down the list.
    """
    in_file = Counter[str]()
    capped: list[Judged] = []
    for judged in ranked:
        path = judged.finding.path
        if judged.fate is not Fate.COMMENT:
            in_file[path] += judged.fate is Fate.STANDING
            capped.append(judged)
            continue
        if in_file.total() >= policy.max_comments:
            capped.append(replace(judged, fate=Fate.SUMMARY, why=Phrase("beyond max_comments")))
        elif in_file[path] >= policy.max_comments_per_file:
            capped.append(
                replace(judged, fate=Fate.SUMMARY, why=Phrase("beyond max_comments_per_file"))
            )
        else:
            in_file[path] += 1
            capped.append(judged)
    return capped
