"""Where the code of each file may be sent, by the paths of a policy."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from reviewbot.review.paths import matches_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.domain.diff import FileDiff
    from reviewbot.domain.policy import Data
    from reviewbot.review.plan import Chunk


def data_of(paths: Iterable[str], data: Data) -> Data:
    """Where code may go that stands in any of *paths*: only where all of them allow it."""
    named = tuple(paths)
    entries = [
        each for each in data.paths if any(matches_any(path, (each.path,)) for path in named)
    ]
    return reduce(lambda left, entry: left.narrowed_by(entry), entries, data)


def names_of(file: FileDiff) -> tuple[str, ...]:
    """Every name of a file: one that was moved still holds what its old name protected."""
    return (file.path,) if file.old_path is None else (file.path, file.old_path)


def common(places: Iterable[Data | None]) -> Data | None:
    """Where the code of several files may go together; None is as the policy says."""
    known = [each for each in places if each is not None]
    return reduce(lambda one, other: one.within(other), known) if known else None


def free(chunks: Sequence[Chunk], data: Data) -> list[Chunk]:
    """The chunks that may go wherever the policy lets any code go."""
    return [chunk for chunk in chunks if chunk.data in {None, data}]
