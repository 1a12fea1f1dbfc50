"""Severities, receipts and gates count what they say they count."""

from __future__ import annotations

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.outcome import Coverage, Covered, Fate, Receipt, Segment
from tests.unit.review.examples import FINDING, judged, report


def test_severities_are_ranked_worst_first() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]
    assert Severity.HIGH.reaches(Severity.HIGH)
    assert Severity.CRITICAL.reaches(Severity.HIGH)
    assert not Severity.MEDIUM.reaches(Severity.HIGH)


def test_a_receipt_adds_up_its_classes() -> None:
    receipt = Receipt(
        (
            Covered(Segment("a.py", "1-3", 3), Coverage.READ, "cheap"),
            Covered(Segment("b.py", "1", 1), Coverage.READ, "strong"),
            Covered(Segment("c.py", "9", 1), Coverage.READ, "cheap"),
            Covered(Segment("x.lock", "", 0), Coverage.EXCLUDED, "lock file"),
        )
    )

    assert (receipt.count(Coverage.READ), receipt.added_lines(Coverage.READ)) == (3, 5)
    assert receipt.reasons(Coverage.READ) == [("cheap", 2), ("strong", 1)]
    assert receipt.complete
    assert [str(entry.segment) for entry in receipt.entries[::3]] == ["a.py:1-3", "x.lock"]


@pytest.mark.parametrize(
    ("coverage", "complete"),
    [
        (Coverage.KNOWN, True),
        (Coverage.EXCLUDED, True),
        (Coverage.OVER_BUDGET, False),
        (Coverage.FAILED, False),
    ],
)
def test_what_was_not_read_leaves_a_receipt_incomplete(
    coverage: Coverage,
    complete: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert Receipt((Covered(Segment("a", "", 0), coverage, ""),)).complete is complete


@pytest.mark.parametrize("fate", Fate)
def test_the_gate_counts_every_finding_that_is_open(fate: Fate) -> None:
    told = report(judged(FINDING, fate=fate), fail_on=Severity.HIGH)

    assert told.reaches_gate is (fate not in {Fate.SILENCED, Fate.WITHHELD})
    assert not report(judged(FINDING, fate=fate), fail_on=Severity.CRITICAL).reaches_gate
    assert not report(judged(FINDING, fate=fate)).reaches_gate
