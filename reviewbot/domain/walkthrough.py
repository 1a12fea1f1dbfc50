"""What a pull request changes, file by file, as those who read it for the review put it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's part of a change.

    *summaries* are the readers' words, one a request that it was read in, none where nobody read
    it; several files may share one. *risk* (0 to 1) is None where nobody read it. *anew* says
    that this review read some of it, and not only earlier ones.
    """

    path: str
    added: int
    deleted: int
    summaries: tuple[str, ...] = ()
    risk: float | None = None
    anew: bool = False
