from __future__ import annotations

import io

import pytest
from rich.console import Console

from reviewbot.entrypoints.formats.tables import Column, Row, fitting, show

COLUMNS = (
    Column("model", text=True),
    Column("when", folds=6, text=True),
    Column("input"),
    Column("cached", rank=2),
    Column("ratio", rank=1),
)
ROWS = [Row(("gpt-4o", "Mon to Fri", "2.50", "1.25", "16.7×"), "bold"), Row(("[b]", *"abcd"))]


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (80, ["model", "when", "input", "cached", "ratio"]),
        (44, ["model", "when", "input", "cached", "ratio"]),
        (43, ["model", "when", "input", "ratio"]),
        (34, ["model", "when", "input"]),
        (10, ["model", "when", "input"]),
    ],
)
def test_columns_that_matter_less_are_left_out_first(width: int, names: list[str]) -> None:
    assert [column.name for column in fitting(COLUMNS, ROWS, width)] == names


def shown(width: int) -> str:
    file = io.StringIO()
    show(Console(file=file, width=width), "prices", COLUMNS, ROWS)
    return file.getvalue()


def test_what_is_left_out_is_named() -> None:
    assert "Not shown" not in shown(80)
    assert "Not shown in 43 columns: cached." in " ".join(shown(43).split())


def test_figures_are_never_cut_and_names_are_no_markup() -> None:
    for width in (44, 43, 34):
        table = shown(width)
        assert "2.50" in table
        assert "…" not in table
        assert "[b]" in table
