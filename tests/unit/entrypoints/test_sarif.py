"""Where SARIF places a finding, as GitHub's code scanning asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewbot.domain.diff import Anchor
from reviewbot.domain.finding import Side
from reviewbot.entrypoints.formats.sarif import as_sarif
from tests.unit.review.examples import judged, report


@pytest.mark.parametrize(
    ("anchor", "region"),
    [
        (Anchor("a.py", Side.RIGHT, 7, 9), {"startLine": 7, "endLine": 9}),
        (Anchor("a.py", Side.LEFT, 7, 9), {"startLine": 1}),
        (None, {"startLine": 1}),
    ],
    ids=["a line of the head", "a deleted line", "a whole file"],
)
def test_every_finding_has_a_line_of_the_head(
    anchor: Anchor | None, region: dict[str, int]
) -> None:
    log = as_sarif(report(replace(judged(), anchor=anchor)))
    [found] = log["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["region"] == region
