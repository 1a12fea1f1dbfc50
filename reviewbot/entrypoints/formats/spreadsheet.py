"""Cells of CSV files that no spreadsheet takes for a formula."""

from __future__ import annotations

from reviewbot.review.wording import one_line

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """*value*; text in one line, with a quote before what a spreadsheet would run."""
    if not isinstance(value, str):
        return value
    quote = "'" if value.startswith(_BEGINS_A_FORMULA) else ""
    return f"{quote}{one_line(value)}"
