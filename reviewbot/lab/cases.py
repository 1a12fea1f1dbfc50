"""Reads labelled pull requests: JSON lines, each a change and the defects that it is known for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reviewbot.domain.errors import UsageError
from reviewbot.domain.finding import Side
from reviewbot.domain.invalid import explain

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_MOST_CASES = 10_000
_MOST_LINE = 2**30
_RANGE = re.compile(r"([1-9][0-9]{0,9})(?:\s*-\s*([1-9][0-9]{0,9}))?")


@dataclass(frozen=True, slots=True)
class Expected:
    """A defect that a good review finds, and where."""

    path: str
    side: Side
    start_line: int
    end_line: int
    note: str


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled change: a diff in a file, or pull request *number* of *repository*."""

    repository: str
    number: int
    diff: Path | None
    expected: tuple[Expected, ...]

    def __str__(self) -> str:
        if self.diff is not None and not self.number:
            return self.diff.name
        return f"{self.repository}#{self.number}"


def _lines(given: object) -> object:
    """12, "10-12" or [10, 12] as a pair."""
    if isinstance(given, bool):
        return given
    if isinstance(given, int):
        return (given, given)
    if not isinstance(given, str):
        return given
    found = _RANGE.fullmatch(given.strip())
    if found is None:
        message = "write a line such as 12, or a range such as 10-12"
        raise ValueError(message)
    return (int(found[1]), int(found[2] or found[1]))


_Line = Annotated[int, Field(strict=True, ge=1, le=_MOST_LINE)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class _Label(_Row):
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    lines: Annotated[tuple[_Line, _Line], BeforeValidator(_lines)]
    note: Annotated[str, Field(max_length=20_000)] = ""
    side: Side = Side.RIGHT

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lines[0] > self.lines[1]:
            message = "the first line is behind the last one"
            raise ValueError(message)
        return self


class _LabelledCase(_Row):
    repo: Annotated[str, Field(pattern=r"^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$")] = ""
    number: Annotated[int, Field(strict=True, ge=0, le=10**9)] = 0
    diff: str = ""
    expected: tuple[_Label, ...] = ()

    @model_validator(mode="after")
    def _names_a_change(self) -> Self:
        if not self.diff and not (self.repo and self.number):
            message = "name a change: repo and number, or diff"
            raise ValueError(message)
        return self


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, whose diffs lie relative to it; raises UsageError naming the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        message = f"{path} cannot be read: {why}"
        raise UsageError(message, "Name a file of JSON lines, one labelled change each.") from error
    rows = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not 0 < len(rows) <= _MOST_CASES:
        message = f"{path} holds {len(rows)} cases"
        raise UsageError(message, f"Give it 1 to {_MOST_CASES:,}.")
    return [_case(line, f"{path}:{number}", path.parent) for number, line in rows]


def _case(line: str, where: str, folder: Path) -> Case:
    try:
        row = _LabelledCase.model_validate(_object(line, where))
    except ValidationError as error:
        advice = 'Such as {"diff": "7.diff", "expected": [{"path": "a.py", "lines": "3-4"}]}.'
        raise UsageError(explain(error, _LabelledCase, where), advice) from error
    return Case(
        row.repo,
        row.number,
        folder / row.diff if row.diff else None,
        tuple(Expected(label.path, label.side, *label.lines, label.note) for label in row.expected),
    )


def _object(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"{where}: this is no JSON"
        raise UsageError(message, "Write one JSON object a line.") from error
