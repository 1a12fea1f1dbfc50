from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.errors import UsageError
from reviewbot.domain.finding import Side
from reviewbot.lab.cases import Expected, read_cases

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, *rows: object) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "range_"),
    [(12, (12, 12)), ("12", (12, 12)), ("10-12", (10, 12)), ([10, 12], (10, 12))],
)
def test_lines_are_written_as_people_like(
    tmp_path: Path, lines: object, range_: tuple[int, int]
) -> None:
    row = {"diff": "x.diff", "expected": [{"path": "a.py", "lines": lines, "note": "n"}]}
    [case] = read_cases(written(tmp_path, row, ""))
    assert case.expected == (Expected("a.py", Side.RIGHT, *range_, "n"),)
    assert case.diff == tmp_path / "x.diff"


def test_a_case_is_a_pull_request_or_a_diff(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"repo": "acme/shop", "number": 7}, {"diff": "a/7.diff"}]
    assert [str(case) for case in read_cases(written(tmp_path, *rows))] == ["acme/shop#7", "7.diff"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("no json", "cases.jsonl:2: this is no JSON"),
        ({"repo": "acme/shop"}, "name a change"),
        ({"diff": "x", "expcted": []}, "did you mean 'expected'"),
        ({"diff": "x", "expected": [{"path": "a", "lines": "12-"}]}, "write a line such as 12"),
        ({"diff": "x", "expected": [{"path": "a", "lines": [5, 3]}]}, "behind the last one"),
        ({"diff": "x", "expected": [{"path": "a", "lines": 0}]}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_case_is_named_with_its_line(tmp_path: Path, row: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_cases(written(tmp_path, {"diff": "x"}, row))
    assert said in str(caught.value)
    assert "cases.jsonl:2" in str(caught.value)


def test_an_empty_file_holds_no_cases(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds 0 cases"):
        read_cases(written(tmp_path, ""))
