"""Decides what becomes of each finding: posted, in the summary, or withheld with a reason."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Anchor, Unanchored
from reviewbot.domain.finding import Severity, Standing, Tier
from reviewbot.domain.outcome import Fate, Judged
from reviewbot.domain.phrase import Phrase
from reviewbot.review.earlier import alike, recognise
from reviewbot.review.silence import NOTHING_SILENCED, Silenced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.domain.anchors import AnchorIndex
    from reviewbot.domain.diff import Spot
    from reviewbot.domain.finding import Finding
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.review.weigh import Weighed

CONFIRMED_FROM = 0.60  # confidence, where the strong tier stands behind a finding
ALONE_FROM = 0.75  # confidence, from the cheap tier alone
_NEAR = 3  # lines
_SHOWN = (Fate.COMMENT, Fate.SUMMARY, Fate.WITHHELD)  # what is doubted never stands before the rest


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


def _importance(judged: Judged) -> tuple[int, int, bool, float, str, int]:
    finding = judged.finding
    return (
        _SHOWN.index(judged.fate),
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
    spot = found.spot if isinstance(found, Unanchored) else sieve.index.spot(found)
    code = sieve.index.code(anchor) if anchor else (spot.text,) if spot else ()
    return Judged(
        finding=replace(finding, path=spot.path) if spot else finding,
        fingerprint=_fingerprint(finding, spot, sieve.pull),
        anchor=anchor,
        tier=weighed.tier,
        model=weighed.model,
        standing=weighed.standing,
        fate=Fate.COMMENT if anchor else Fate.SUMMARY,
        why=found.why if isinstance(found, Unanchored) else weighed.why,
        code=code,
        spot=None if anchor else spot,
        cost=weighed.cost,
    )


def _fingerprint(finding: Finding, spot: Spot | None, pull: PullKey) -> str:
    """What a finding is about, however it is worded: the code, scoped to the pull request.

    Line numbers and words are left out, so that it survives moves and new readings; the
    count among equal lines of the file keeps twins apart.
    """
    if spot is None:
        about = (finding.path, " ".join(finding.title.casefold().split()))
    else:
        about = (spot.path, f"{spot.side} {' '.join(spot.text.split())} {spot.nth}")
    return _name(str(pull), *about)


def _name(*about: str) -> str:
    return hashlib.sha256("\0".join(about).encode(errors="replace")).hexdigest()[:20]


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
    """One comment a cause, and one a line: the weightiest speaks.

    Its twins are withheld. What may be another defect of the same line goes to the summary under
    a name of its own (docs/decisions/0009): a second comment could repeat the first in other words.
    """
    kept: list[Judged] = []
    # What is open of each file by its place, under the name of its line.
    by_file: dict[str, dict[int, Judged]] = defaultdict(dict)
    for judged in ranked:
        said = by_file[judged.finding.path]
        twins = {
            at: each for at, each in said.items() if judged.is_open and _same_cause(each, judged)
        }
        same = next((at for at, each in twins.items() if not _may_differ(each, judged)), None)
        if same is not None:
            kept[same] = _crediting(kept[same], judged)
            why = Phrase("same cause as: {title}", title=kept[same].finding.title)
            kept.append(_withhold(judged, why))
            continue
        if judged.is_open:
            said[len(kept)] = judged
        kept.append(_beside(next(iter(twins.values())), judged) if twins else judged)
    return kept


def _crediting(kept: Judged, twin: Judged) -> Judged:
    """*kept*, which names the tool that reported its twin."""
    tools = dict.fromkeys((kept.finding.reported_by, twin.finding.reported_by))
    named = ", ".join(filter(None, tools))
    return replace(kept, finding=replace(kept.finding, reported_by=named))


def _may_differ(one: Judged, other: Judged) -> bool:
    """Whether the second claim on a line says something that the first does not."""
    mine, yours = one.finding, other.finding
    if one.tier is Tier.LOCAL or alike(mine.title, yours.title):
        return False
    if other.standing is Standing.UNCERTAIN:
        return yours.severity.rank < mine.severity.rank
    return mine.category is not yours.category and (mine.cwe is None or mine.cwe != yours.cwe)


def _beside(first: Judged, judged: Judged) -> Judged:
    name = _name(judged.fingerprint, judged.finding.category, judged.standing.value)
    why = judged.why or Phrase("on the line of: {title}", title=first.finding.title)
    return replace(judged, fate=Fate.SUMMARY, fingerprint=name, why=why)


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
