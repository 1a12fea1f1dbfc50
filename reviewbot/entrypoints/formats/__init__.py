"""A report as text, JSON, Markdown or SARIF."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Report

Format = Literal["text", "json", "markdown", "sarif"]


def render(report: Report, form: Format) -> str:
    """The report in one of the formats, without a line end."""
    match form:
        case "text":
            from reviewbot.entrypoints.formats.text import as_text

            return as_text(report)
        case "json":
            from reviewbot.review.record import as_json

            return json.dumps(as_json(report), indent=2, ensure_ascii=False)
        case "markdown":
            from reviewbot.review.compose import told

            return told(report)
        case "sarif":
            from reviewbot.entrypoints.formats.sarif import as_sarif

            return json.dumps(as_sarif(report), indent=2, ensure_ascii=False)
        case _:
            assert_never(form)
