"""Marks findings in what is posted on lines, and reads them back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Category, Severity, Side
from reviewbot.domain.posted import PostedFinding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.domain.pull_request import PullKey
    from reviewbot.github.author import OwnWords
    from reviewbot.github.client import GitHubClient, JsonObject
    from reviewbot.github.markers import Mark, Marker
    from reviewbot.github.threads import Threads

_FINDING, _IMPROVEMENT, _FIXED = "finding", "improvement", "fixed"
_TITLE = re.compile(r"\*\*(.{1,300}?)\*\*")


@dataclass(frozen=True, slots=True)
class OnLines:
    """Reads back what reviewbot posted on lines, and what people did with it."""

    client: GitHubClient
    words: OwnWords
    threads: Threads

    def of(self, repository: str, pull: PullKey) -> tuple[PostedFinding, ...]:
        """Trusted only in sealed comments of our own; threads are asked for where there are any."""
        items = self.client.pages(f"/repos/{repository}/pulls/{pull.number}/comments")
        marked = [(item, mark) for item in items for mark in self.words.marks(item)]
        return self.threads.follow(repository, pull, read_posted(marked, pull))


def seal_finding(marker: Marker, finding: PostedFinding, pull: PullKey) -> str:
    """The hidden mark of a comment on a line."""
    about = (finding.side, finding.category, finding.severity, finding.digest)
    kind = _IMPROVEMENT if finding.is_improvement else _FINDING
    return marker.seal(kind, finding.fingerprint, pull.repository_id, pull.number, *about)


def fixed_parts(finding: PostedFinding, pull: PullKey) -> tuple[str, ...]:
    """What the mark of a reply says that names a finding as fixed."""
    return (finding.fingerprint, str(pull.repository_id), str(pull.number), finding.comment_id)


def seal_fixed(marker: Marker, finding: PostedFinding, pull: PullKey) -> str:
    """The hidden mark of such a reply."""
    return marker.seal(_FIXED, *fixed_parts(finding, pull))


def read_posted(
    comments: Iterable[tuple[JsonObject, Mark]], pull: PullKey
) -> tuple[PostedFinding, ...]:
    """The findings of genuine marks; of several comments on one finding the last counts."""
    here = (str(pull.repository_id), str(pull.number))
    found: dict[tuple[str, str], PostedFinding] = {}
    fixed = set[str]()
    for item, mark in comments:
        if mark.parts[1:3] != here:
            continue
        if mark.kind in {_FINDING, _IMPROVEMENT} and (finding := _finding(item, mark)):
            found[mark.kind, finding.fingerprint] = finding
        elif mark.kind == _FIXED:
            fixed.update(mark.parts[3:4])
    return tuple(replace(each, is_fixed=each.comment_id in fixed) for each in found.values())


def _finding(item: JsonObject, mark: Mark) -> PostedFinding | None:
    try:
        fingerprint, _, _, side, category, severity, digest = mark.parts
        return PostedFinding(
            fingerprint=fingerprint,
            path=str(item.get("path", "")),
            side=Side(side),
            category=Category(category),
            severity=Severity(severity),
            digest=digest,
            title=_title(item),
            comment_id=str(item.get("id", "")),
            node_id=str(item.get("node_id", "")),
            is_improvement=mark.kind == _IMPROVEMENT,
        )
    except ValueError:
        return None


def _title(item: JsonObject) -> str:
    match = _TITLE.search(str(item.get("body", "")))
    return match[1] if match else "a finding"
