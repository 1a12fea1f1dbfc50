"""The walkthrough: what a pull request changes, by file or group, in the readers' own words.

It costs no request: every answer of the review has a summary and a risk already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Verdict
from reviewbot.domain.walkthrough import FileChange
from reviewbot.review import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reviewbot.review.answer import Reading
    from reviewbot.review.plan import Chunk
    from reviewbot.review.reading import Story
    from reviewbot.review.words import Words

_ROWS = 40
_NAMED = 3  # files of a group
_LONGEST_PATH = 80  # characters
_LONGEST_SUMMARY = 240  # characters
_LONGEST_TABLE = 15_000  # characters
_HIGH, _MEDIUM = 0.66, 0.33
_REAL = {Verdict.CONFIRMED, Verdict.CORRECTED}


class Risk(StrEnum):
    """How likely a serious defect is, in words."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_BADGES = {Risk.HIGH: "🟧", Risk.MEDIUM: "🟨", Risk.LOW: "🟩"}


@dataclass(frozen=True, slots=True)
class Row:
    """A file, or files that share their summary."""

    paths: tuple[str, ...]
    added: int
    deleted: int
    summary: str
    risk: float | None


# --- what changed ----------------------------------------------------------------------------


def walk(stories: Iterable[Story], review_id: str) -> tuple[FileChange, ...]:
    """Every file that was to be read, in the order of the diff's risk."""
    by_path: dict[str, list[Story]] = {}
    for story in stories:
        by_path.setdefault(story.first.chunk.path, []).append(story)
    return tuple(_change(path, told, review_id) for path, told in by_path.items())


def _change(path: str, stories: Sequence[Story], review_id: str) -> FileChange:
    heard = [each for story in stories for each in story.heard]
    firsts = [story.heard[0].reading.summary for story in stories if story.heard]
    added, deleted = sizes(story.first.chunk for story in stories)
    return FileChange(
        path=path,
        added=added,
        deleted=deleted,
        summaries=tuple(dict.fromkeys(filter(None, firsts))),
        risk=max((_risk(story) for story in stories if story.heard), default=None),
        anew=any(each.answer.review_id == review_id for each in heard),
    )


def _risk(story: Story) -> float:
    """The last reader's, and the first one's too where a second one agreed."""
    first, last = story.heard[0].reading, story.heard[-1].reading
    agreed = any(ruling.verdict in _REAL for ruling in last.rulings)
    return max(map(_own_risk, (first, last) if agreed else (last,)))


def _own_risk(reading: Reading) -> float:
    """A request's risk is not that of files whose neighbours explain it."""
    return 0.0 if reading.elsewhere else reading.risk


def sizes(chunks: Iterable[Chunk]) -> tuple[int, int]:
    """How many lines chunks add and delete."""
    signs = Counter(line.sign for chunk in chunks for piece in chunk.pieces for line in piece.lines)
    return signs["+"], signs["-"]


# --- rows ------------------------------------------------------------------------------------


def rows(changes: Iterable[FileChange]) -> list[Row]:
    """One row a file, or a group whose files share their summary; the riskiest first."""
    groups: dict[tuple[bool, tuple[str, ...]], list[FileChange]] = {}
    for change in changes:
        groups.setdefault((change.risk is None, change.summaries), []).append(change)
    found = [_row(group) for group in groups.values()]
    return sorted(found, key=lambda row: (row.risk is None, -(row.risk or 0)))


def _row(group: Sequence[FileChange]) -> Row:
    risks = [each.risk for each in group if each.risk is not None]
    return Row(
        paths=tuple(each.path for each in group),
        added=sum(each.added for each in group),
        deleted=sum(each.deleted for each in group),
        summary=" ".join(group[0].summaries),
        risk=max(risks, default=None),
    )


def risk_word(risk: float) -> Risk:
    """A share in words."""
    if risk >= _HIGH:
        return Risk.HIGH
    return Risk.MEDIUM if risk >= _MEDIUM else Risk.LOW


# --- what people read ------------------------------------------------------------------------


def headline(changes: Sequence[FileChange], say: Words) -> str:
    """The walkthrough in one line: files, lines, risk."""
    size = f"+{sum(c.added for c in changes)} −{sum(c.deleted for c in changes)}"
    files = say("{count} files", one="{count} file", count=len(changes))
    risks = [change.risk for change in changes if change.risk is not None]
    if not risks:
        return f"{files}, {size}"
    return f"{files}, {size}, {say('risk {risk}', risk=risk_word(max(risks)))}"


def folded(changes: Sequence[FileChange], say: Words, more: Sequence[str] = ()) -> list[str]:
    """The walkthrough as a collapsed part, *more* below it; nothing where there is none."""
    if not changes:
        return []
    title = f"{say('Walkthrough')}: {headline(changes, say)}"
    return [wording.folded(title, [*table(changes, say), *more])]


def table(changes: Sequence[FileChange], say: Words) -> list[str]:
    """The walkthrough's rows as Markdown, bounded however many files there are."""
    if not changes:
        return []
    lines = [say("| file | change | risk |"), "|---|---|---|"]
    room = _LONGEST_TABLE
    found = rows(changes)
    for count, row in enumerate(found):
        line = f"| {_files(row, say)} | {_cell(row.summary) or '–'} | {_risk_cell(row, say)} |"
        room -= len(line)
        if count == _ROWS or room < 0:
            return [*lines, "", _rest(found[count:], say)]
        lines.append(line)
    return lines


def _files(row: Row, say: Words) -> str:
    named = ", ".join(_path(path) for path in row.paths[:_NAMED])
    more = len(row.paths) - _NAMED
    others = f" {say('and {count} more', count=more)}" if more > 0 else ""
    return f"{named}{others} +{row.added} −{row.deleted}"


def _path(path: str) -> str:
    """A file's name in a cell; of a long one the end tells more."""
    bare = wording.cell(path)
    cut = bare if len(bare) <= _LONGEST_PATH else f"…{bare[1 - _LONGEST_PATH :]}"
    return wording.code_span(cut) or "–"


def _cell(text: str) -> str:
    return wording.markdown(wording.shortened(wording.cell(text), _LONGEST_SUMMARY))


def _risk_cell(row: Row, say: Words) -> str:
    if row.risk is None:
        return say("not read")
    word = risk_word(row.risk)
    return f"{_BADGES[word]} {say.term(word)}"


def _rest(left: Sequence[Row], say: Words) -> str:
    files = sum(len(row.paths) for row in left)
    size = f"+{sum(row.added for row in left)} −{sum(row.deleted for row in left)}"
    return say(
        "… and {count} more files ({size})",
        one="… and {count} more file ({size})",
        count=files,
        size=size,
    )


def since_lines(changes: Sequence[FileChange], say: Words) -> list[str]:
    """What was read anew since the last look; nothing where that is all of it."""
    read = [change for change in changes if change.risk is not None]
    anew = [change.path for change in read if change.anew]
    if len(anew) == len(read):
        return []
    if not anew:
        return ["", say("Nothing was read anew since the last look.")]
    return ["", say("Read anew since the last look: {files}.", files=", ".join(_some(anew, say)))]


def _some(paths: Sequence[str], say: Words) -> Iterator[str]:
    yield from map(_path, paths[: 2 * _NAMED])
    if (more := len(paths) - 2 * _NAMED) > 0:
        yield say("and {count} more", count=more)
