"""What became of pull requests: facts from which labelled cases are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class MergedPull:
    """A pull request that was merged."""

    number: int
    title: str
    author_id: int
    merged_at: datetime
    base_sha: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person said of lines of the new file, and of which commit."""

    number: int
    author_id: int
    commit: str
    path: str
    start_line: int
    end_line: int
    text: str
