"""The files of a diff, within the memory that a review may take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from sys import getsizeof
from typing import TYPE_CHECKING

from reviewbot.domain.diff import Content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.diff import FileDiff

MOST_HELD = 96 * 2**20  # bytes: some 400,000 lines of code
_LINE_BYTES = 140  # of a line beside its text


@dataclass(slots=True)
class HeldFiles:
    """Takes files one by one; where they become too much, the largest lose their lines.

    So a flood of generated code costs itself and not the files beside it, and whoever blows a
    file up to hide it has it named as unread.
    """

    most: int = MOST_HELD
    _files: list[FileDiff] = field(default_factory=list)
    _sizes: list[tuple[int, int]] = field(default_factory=list)  # negative, with their positions
    _held: int = 0

    def add(self, file: FileDiff) -> None:
        """Hold *file*, or a larger one no longer."""
        size = sum(getsizeof(line.text) + _LINE_BYTES for h in file.hunks for line in h.lines)
        if size:
            heappush(self._sizes, (-size, len(self._files)))
        self._files.append(file)
        self._held += size
        while self._held > self.most:
            largest, at = heappop(self._sizes)
            self._held += largest
            given_up = self._files[at]
            self._files[at] = replace(
                given_up, content=Content.OUTSIZED, hunks=(), unseen=given_up.added
            )

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self._files)
