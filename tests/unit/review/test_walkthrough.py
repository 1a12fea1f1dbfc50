"""The walkthrough: every file once, bounded however many there are, and nothing that acts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.walkthrough import FileChange
from reviewbot.review.walkthrough import folded, headline, rows, since_lines
from reviewbot.review.words import ENGLISH, in_language
from tests.unit.review.examples import PAY, claimed, diff, entry, world
from tests.unit.review.test_compose import HOSTILE, active

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Report

_OTHER = entry("src/other.py", "x = 1", "y = 2")
_LOCK = entry("uv.lock", "x")


def _reviewed(summary: str, *findings: dict[str, object], risk: float = 0.1) -> Report:
    said = {"findings": list(findings), "risk": risk, "summary": summary}
    here = world(changes=diff(PAY, _OTHER, _LOCK), say=lambda _: json.dumps(said))
    return here.reviewed()


# --- what changed ----------------------------------------------------------------------------


def test_each_file_has_its_own_line_of_the_answer() -> None:
    report = _reviewed("src/pay.py: computes a price\n- `src/other.py`: adds two constants\n")

    told = {each.path: (each.added, each.summaries) for each in report.walkthrough}
    assert told == {
        "src/pay.py": (2, ("computes a price",)),
        "src/other.py": (2, ("adds two constants",)),
    }


def test_a_summary_that_names_no_file_is_that_of_the_group() -> None:
    [row] = rows(_reviewed("Adds a price and\n two constants.").walkthrough)

    assert set(row.paths) == {"src/pay.py", "src/other.py"}
    assert (row.added, row.summary) == (4, "Adds a price and two constants.")


def test_the_risk_of_a_request_is_that_of_the_files_whose_findings_explain_it() -> None:
    report = _reviewed("src/pay.py: divides", claimed(), risk=0.9)

    assert {each.path: each.risk for each in report.walkthrough} == {
        "src/pay.py": 0.9,
        "src/other.py": 0.0,
    }


def test_without_findings_it_is_that_of_all() -> None:
    assert {each.risk for each in _reviewed("", risk=0.7).walkthrough} == {0.7}


def test_it_asks_nothing_and_is_in_the_summary_and_the_record() -> None:
    said = {"findings": [], "risk": 0.1, "summary": "src/pay.py: computes a price"}
    here = world(say=lambda _: json.dumps(said))
    here.review()

    assert len(here.model.asked) == 1
    [published] = here.forge.reviews.values()
    assert "Walkthrough: 1 file, +2 −0, risk low" in published.summary
    assert "| `src/pay.py` +2 −0 | computes a price | 🟩 low |" in published.summary
    [(_, _, record)] = here.journal.closed
    assert json.loads(record)["walkthrough"] == [
        {
            "path": "src/pay.py",
            "added": 2,
            "deleted": 0,
            "summary": "computes a price",
            "risk": 0.1,
        }
    ]


def test_a_second_look_says_what_was_read_anew() -> None:
    big = [
        f"row_{n:04d} = 'a row of a table that nobody has anything to say of'" for n in range(900)
    ]
    first = diff(entry("src/a.py", *big), entry("src/b.py", *big))
    here = world(changes=first)
    here.review()
    here.forge.changes = diff(entry("src/a.py", *big), entry("src/b.py", *big, "one_more = 1"))

    second = here.reviewed().walkthrough
    assert since_lines(second, ENGLISH)[-1] == "Read anew since the last look: `src/b.py`."
    third = here.reviewed().walkthrough
    assert since_lines(third, ENGLISH)[-1] == "Nothing was read anew since the last look."


def test_what_nobody_read_has_no_risk() -> None:
    changes = [FileChange("a.py", 1, 0, ("adds",), 0.1, anew=True), FileChange("b.py", 2, 0)]

    [told] = folded(changes, ENGLISH)
    assert "| `b.py` +2 −0 | – | not read |" in told
    assert headline(changes[1:], ENGLISH) == "1 file, +2 −0"


def test_it_speaks_the_policy_s_language() -> None:
    changes = [FileChange("a.py", 1, 0, ("fügt hinzu",), 0.9, anew=True)]

    [told] = folded(changes, in_language("de"))
    assert "1 Datei, +1 −0, Risiko hoch" in told


# --- laws ------------------------------------------------------------------------------------

PATHS = st.text(min_size=1, max_size=300)
CHANGES = st.lists(
    st.builds(
        FileChange,
        path=PATHS,
        added=st.integers(0, 99),
        deleted=st.integers(0, 99),
        summaries=st.lists(st.sampled_from(["", "one", "two", "x" * 400]), max_size=2).map(tuple),
        risk=st.none() | st.floats(0, 1),
        anew=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda change: change.path,
)


@given(CHANGES)
@settings(deadline=None)
def test_every_file_is_in_exactly_one_row(changes: list[FileChange]) -> None:
    found = rows(changes)

    assert sorted(path for row in found for path in row.paths) == sorted(c.path for c in changes)
    assert sum(row.added for row in found) == sum(change.added for change in changes)
    assert sum(row.deleted for row in found) == sum(change.deleted for change in changes)


@given(st.integers(1, 600), st.integers(0, 400), st.integers(0, 500))
@settings(deadline=None, max_examples=30)
def test_it_is_bounded_and_counts_what_it_leaves_out(files: int, path: int, words: int) -> None:
    changes = [
        FileChange(f"{n}/{'p' * path}", 1, 0, (f"{n} {'w ' * words}",), n / 600)
        for n in range(files)
    ]

    [told] = folded(changes, ENGLISH)
    assert len(told) < 20_000
    shown = told.count("\n| ") - 1
    assert shown == files or f"… and {files - shown} more file" in told


@given(path=HOSTILE, summary=HOSTILE)
@settings(max_examples=300, deadline=None)
def test_foreign_text_never_acts(path: str, summary: str) -> None:
    changes = [
        FileChange(path, 1, 2, (summary,), 0.5, anew=True),
        FileChange(f"{path}x", 1, 2, (summary, "b"), 0.1),
    ]

    assert active("\n".join(folded(changes, ENGLISH))) == []
