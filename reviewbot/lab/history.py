"""Makes labels of a team's own past: what reviewers remarked, and what later had to be mended.

A mended line is one that a pull request added and that a later fix removed: the idea of Śliwerski,
Zimmermann and Zeller (MSR 2005), by text instead of by blame. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Side
from reviewbot.lab.cases import Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reviewbot.domain.diff import Diff, Line
    from reviewbot.domain.past import MergedPull, Remark

_FIX = re.compile(r"\b(?:fix(?:e[sd])?|bug(?:fix)?|hotfix|regression|revert)\b", re.IGNORECASE)
_TASTE = re.compile(r"\s*(?:nit|typo|lgtm|thanks?|thank you|nice|\+1|👍)\b", re.IGNORECASE)
_LEAST_REMARK = 20  # characters
_LEAST_CODE = 10  # characters of a line that says which line it is
_MOST_REMOVED = 100  # lines; more is a rewrite rather than a fix
_MOST_LABELS = 3  # of one fix
_MOST_NOTE = 2_000  # characters


def remarked(pull: MergedPull, remarks: Iterable[Remark]) -> dict[str, list[Expected]]:
    """The labels that reviewers gave, by commit; taste and the author's own words are none."""
    labels: dict[str, list[Expected]] = {}
    for said in remarks:
        if said.number == pull.number and said.author_id != pull.author_id and _is_worthy(said):
            label = Expected(
                said.path, Side.RIGHT, said.start_line, said.end_line, said.text[:_MOST_NOTE]
            )
            labels.setdefault(said.commit, []).append(label)
    return labels


def _is_worthy(said: Remark) -> bool:
    return len(said.text.strip()) >= _LEAST_REMARK and not _TASTE.match(said.text)


def is_fix(pull: MergedPull) -> bool:
    """Whether it mends something, by its title."""
    return _FIX.search(pull.title) is not None


def mended(diff: Diff, later: Sequence[tuple[MergedPull, Diff]]) -> list[Expected]:
    """What later fixes removed of what *diff* adds."""
    added = list(_changed(diff, "+"))
    return [label for fix, change in later for label in _of_fix(added, fix, change)]


def _of_fix(added: Sequence[tuple[str, Line]], fix: MergedPull, change: Diff) -> list[Expected]:
    removed = {(path, line.text.strip()) for path, line in _changed(change, "-")}
    if len(removed) > _MOST_REMOVED:
        return []
    lines = [(path, line.new or 0) for path, line in added if (path, line.text.strip()) in removed]
    note = f"Mended by #{fix.number}: {fix.title}"[:_MOST_NOTE]
    ranges = list(_ranges(lines))
    return [Expected(path, Side.RIGHT, start, end, note) for path, start, end in ranges][
        :_MOST_LABELS
    ]


def _changed(diff: Diff, sign: str) -> Iterator[tuple[str, Line]]:
    """The lines with *sign* that tell themselves apart from others."""
    for file in diff.files:
        path = (file.old_path or file.path) if sign == "-" else file.path
        for hunk in file.hunks:
            for line in hunk.lines:
                if line.sign == sign and len(line.text.strip()) >= _LEAST_CODE:
                    yield path, line


def _ranges(lines: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    """Neighbouring lines as ranges."""
    path, start, end = "", 0, 0
    for at, number in sorted(set(lines)):
        if at == path and number == end + 1:
            end = number
            continue
        if path:
            yield path, start, end
        path, start, end = at, number, number
    if path:
        yield path, start, end


@dataclass(frozen=True, slots=True)
class PastCase:
    """A commit of a pull request, and what is known to be wrong with it."""

    number: int
    commit: str
    expected: tuple[Expected, ...]

    @property
    def diff_name(self) -> str:
        """The file of its diff."""
        return f"{self.number}-{self.commit[:12]}.diff"


def past_cases(
    pull: MergedPull, remarks: Mapping[str, Sequence[Expected]], fixes: Sequence[Expected]
) -> list[PastCase]:
    """One case a commit that something is known of; else the merged head as a clean one."""
    by_commit = {commit: [*labels] for commit, labels in remarks.items()}
    if fixes or not by_commit:
        by_commit.setdefault(pull.head_sha, []).extend(fixes)
    return [PastCase(pull.number, commit, tuple(labels)) for commit, labels in by_commit.items()]
