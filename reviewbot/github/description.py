"""Blocks in a pull request's body: ours between sealed marks, all else the author's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.domain.pull_request import PullKey
    from reviewbot.github.markers import Marker

_LONGEST_BODY = 65_000  # characters; GitHub's limit is 65,536
WALKTHROUGH = "walkthrough"  # written by reviews
WORDS = "words"  # written on command


@dataclass(frozen=True, slots=True)
class Block:
    """Text of ours, and the marks around it."""

    opening: str
    closing: str
    text: str

    @property
    def whole(self) -> str:
        """The block as it stands in a body."""
        return f"{self.opening}\n{self.text}\n{self.closing}"


def block(marker: Marker, pull: PullKey, part: str, text: str) -> Block:
    """A block of one pull request; the marks of another's are no marks here."""
    about = (part, pull.repository_id, pull.number)
    opening = marker.seal("description", "begin", *about)
    return Block(opening, marker.seal("description", "end", *about), text)


def with_blocks(body: str, blocks: Iterable[Block]) -> str:
    """*body* with each block in its place, or at the end; the author's text stays as it is."""
    for each in blocks:
        body = _with_block(body, each)
    return body


def _with_block(body: str, wanted: Block) -> str:
    """The last whole block is ours; half of one is the author's, who took the rest away."""
    end = body.rfind(wanted.closing)
    begin = body.rfind(wanted.opening, 0, end) if end >= 0 else -1
    if begin < 0:
        changed = f"{body}\n\n{wanted.whole}" if body.strip() else wanted.whole
        return changed if len(changed) <= _LONGEST_BODY else body
    end += len(wanted.closing)
    if _lines(body[begin:end]) == _lines(wanted.whole):
        return body  # but for the line ends that a browser sends
    changed = body[:begin] + wanted.whole + body[end:]
    return changed if len(changed) <= _LONGEST_BODY else body


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")
