"""A model's answer is read where that is safe, and refused where it is not."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.finding import Category, Severity, Side, Verdict
from reviewbot.domain.policy import Policy
from reviewbot.review.answer import MOST_FINDINGS, divide, read
from reviewbot.review.plan import plan_survey
from tests.unit.review.examples import FINDING, NOTHING, PAY, answer, claimed, diff, entry

if TYPE_CHECKING:
    from reviewbot.domain.finding import Finding
    from reviewbot.review.plan import Chunk

DELETED = """\
diff --git a/old.py b/old.py
--- a/old.py
+++ b/old.py
@@ -30,2 +30,1 @@
 keep
-check(user)
"""


def chunks(*entries: str) -> tuple[Chunk, ...]:
    return plan_survey(diff(*entries), Policy()).chunks


def heard(text: str, *entries: str) -> list[Finding]:
    """The findings that one answer leaves, chunk by chunk."""
    asked = chunks(*(entries or (PAY,)))
    parts = divide(text, asked, [frozenset()] * len(asked))
    readings = [read(part, chunk) for part, chunk in zip(parts, asked, strict=True)]
    return [finding for reading in readings for finding in reading.findings]


# --- JSON, as models write it ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        answer(claimed()),
        f"```json\n{answer(claimed())}\n```",
        f"```\n{answer(claimed())}```\n",
        f"<think>Is it {{}}? Yes.</think>\n{answer(claimed())}",
        f"Here it is:\n{answer(claimed())}",
        answer(claimed())[:-1] + ",}",
        answer(claimed()).replace('"path"', "'path'"),
        answer(claimed()).replace("raises.", "raises\n(a raw line feed)."),
    ],
)
def test_harmless_slips_are_mended(text: str) -> None:
    (finding,) = heard(text)

    assert (finding.path, finding.title) == (FINDING.path, FINDING.title)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No defects found.",
        "[]",
        "{}",
        '{"findings": null}',
        '{"findings": {"path": "a"}}',
        answer(claimed())[:-20],
        '{"findings": [{"path": "a", "title": "b"',
        '{"findings": [' + "[" * 50_000 + "]" * 50_000 + "]}",
        "{'findings': [" + "{" * 3_000 + "}" * 3_000 + "]}",
        "```json",
    ],
)
def test_what_is_no_answer_or_was_cut_off_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer):
        heard(text)


@pytest.mark.parametrize(
    "text",
    [
        "```" + "\n" * 20_000,
        '{"findings": ["' + '\\"' * 50_000,
        '{"findings": ["' + 'a" ' * 50_000 + "]}",
        "{'findings': " + "{" * 100_000 + "}" * 100_000 + "}",
    ],
)
def test_an_answer_made_to_be_slow_is_refused_quickly(text: str) -> None:
    began = time.process_time()

    with pytest.raises(BadAnswer):
        heard(text)

    assert time.process_time() - began < 2


# --- fields ----------------------------------------------------------------------------------


def test_a_whole_finding_arrives_as_it_was_said() -> None:
    said = claimed(
        category="Security",
        severity="CRITICAL",
        suggestion="    return 0",
        cwe="CWE-369",
        rule="no-zero",
    )

    (finding,) = heard(answer(said))

    assert finding.category is Category.SECURITY
    assert finding.severity is Severity.CRITICAL
    assert (finding.cwe, finding.rule) == ("CWE-369", "no-zero")
    assert (finding.start_line, finding.end_line) == (2, 2)
    assert (finding.suggestion, finding.confidence) == ("    return 0", 0.9)


@pytest.mark.parametrize(
    ("field", "said", "kept"),
    [
        ("side", "left", Side.LEFT),
        ("side", "BOTH", Side.RIGHT),
        ("side", None, Side.RIGHT),
        ("category", "style", Category.CORRECTNESS),
        ("severity", "blocker", Severity.MEDIUM),
        ("confidence", 7, 1.0),
        ("confidence", -1, 0.0),
        ("confidence", "high", 0.0),
        pytest.param("confidence", 10**400, 1.0, id="huge confidence"),
        ("start_line", "2", 0),
        ("start_line", None, 0),
        ("start_line", 2.9, 2),
        ("start_line", 1e300, 10**9),
        pytest.param("start_line", 10**400, 10**9, id="huge line"),
        ("start_line", -5, -5),
        ("quote", 5, ""),
        ("suggestion", "null", None),
        ("suggestion", "  ", None),
        ("suggestion", ["x"], None),
        ("suggestion", "x" * 5_000, None),
        ("cwe", "CWE-89; DROP", None),
        ("rule", "<b>", None),
        ("title", "t" * 300, "t" * 200),
        ("explanation", {"a": 1}, ""),
        ("explanation", "half a pair: \ud83d", "half a pair: ?"),
        ("quote", "\udc00 x", "? x"),
        ("suggestion", "x \udc00", "x ?"),
    ],
)
def test_a_wrong_value_becomes_the_nearest_harmless_one(
    field: str, said: object, kept: object
) -> None:
    (finding,) = heard(answer(claimed() | {field: said}))

    assert getattr(finding, field) == kept


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "true"])
def test_numbers_that_json_does_not_know_harm_nothing(literal: str) -> None:
    (finding,) = heard(answer(claimed(confidence="C")).replace('"C"', literal))

    assert 0 <= finding.confidence <= 1


@pytest.mark.parametrize(
    "raw", ["a string", None, {}, {"path": "a.py"}, {"title": "b"}, {"path": " ", "title": "b"}]
)
def test_what_claims_nothing_is_no_finding(raw: Any) -> None:  # noqa: ANN401 - foreign JSON
    assert heard(answer(raw)) == []


def test_a_model_gone_astray_is_heard_so_far_and_no_further() -> None:
    assert len(heard(answer(*[claimed()] * (MOST_FINDINGS + 1)))) == MOST_FINDINGS


# --- chunks ----------------------------------------------------------------------------------


def test_a_stored_answer_moves_with_its_chunk() -> None:
    before, after = (
        PAY.replace("+1,2", "+1,2"),
        PAY.replace("@@ -0,0 +1,2 @@", "@@ -0,0 +101,2 @@"),
    )
    (stored,) = divide(answer(claimed()), chunks(before), [frozenset()])

    (finding,) = read(stored, chunks(after)[0]).findings

    assert (finding.start_line, finding.end_line) == (102, 102)


def test_a_deleted_line_is_counted_in_the_old_file() -> None:
    said = claimed(path="old.py", side="LEFT", start_line=31, end_line=31, quote="check(user)")

    (stored,) = divide(answer(said), chunks(DELETED), [frozenset()])

    assert json.loads(stored)["findings"][0]["start_line"] == 1
    assert read(stored, chunks(DELETED)[0]).findings[0].start_line == 31


def test_a_finding_goes_home_by_path_then_by_quote_then_by_line() -> None:
    one, two = entry("a.py", "x = 1", "y = 2"), entry("b.py", "z = 3")
    asked = chunks(one, two)
    homes = {
        "by path": claimed(path="b.py", quote="nowhere", title="by path"),
        "by quote": claimed(path="elsewhere.py", quote="z = 3\n", title="by quote"),
        "by line": claimed(path="", quote="", title="no path: no finding"),
        "no quote": claimed(path="elsewhere.py", quote=" ", title="no quote", start_line=1),
    }

    parts = divide(answer(*homes.values()), asked, [frozenset()] * 2)

    told = {
        chunk.path: [f.title for f in read(part, chunk).findings]
        for part, chunk in zip(parts, asked, strict=True)
    }
    assert told == {"a.py": ["no quote"], "b.py": ["by path", "by quote"]}


def test_a_chunk_without_lines_on_a_side_counts_from_zero() -> None:
    (stored,) = divide(answer(claimed(side="LEFT", start_line=9)), chunks(PAY), [frozenset()])

    assert json.loads(stored)["findings"][0]["start_line"] == 9


def test_a_verdict_goes_to_the_chunk_whose_claim_it_names() -> None:
    asked = chunks(entry("a.py", "x = 1"), entry("b.py", "z = 3"))
    better = claimed(path="b.py", quote="z = 3", start_line=1, end_line=1)
    verdicts: list[Any] = [
        {"id": "c2", "verdict": "Corrected", "reason": "off by one", "finding": better},
        {"id": "c1", "verdict": "perhaps", "reason": "", "finding": None},
        {"id": "c9", "verdict": "confirmed", "reason": "", "finding": None},
        {"verdict": "confirmed"},
        "confirmed",
    ]

    parts = divide(answer(verdicts=verdicts), asked, [frozenset({"c1"}), frozenset({"c2"})])

    first, second = (read(part, chunk).rulings for part, chunk in zip(parts, asked, strict=True))
    assert [(ruling.id, ruling.verdict) for ruling in first] == [("c1", Verdict.UNCERTAIN)]
    assert [(ruling.id, ruling.verdict) for ruling in second] == [("c2", Verdict.CORRECTED)]
    assert second[0].finding is not None
    assert second[0].finding.start_line == 1


def test_an_answer_without_verdicts_has_none() -> None:
    text = '{"findings": [], "verdicts": "none", "risk": "low"}'

    (part,) = divide(text, chunks(PAY), [frozenset()])

    reading = read(part, chunks(PAY)[0])
    assert (reading.findings, reading.rulings, reading.risk) == ((), (), 0.0)
    assert read(NOTHING, chunks(PAY)[0]).risk == 0.1


# --- the law ---------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["findings", "verdicts", "id", "finding", *claimed()]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
FOREIGN = st.dictionaries(st.sampled_from(list(claimed())), JSON).map(lambda wild: claimed() | wild)


@given(st.text(max_size=60) | st.builds(answer, FOREIGN, FOREIGN) | JSON.map(json.dumps))
@settings(max_examples=200, deadline=None)
def test_whatever_a_model_says_is_read_or_refused(text: str) -> None:
    asked = chunks(PAY, DELETED)
    try:
        parts = divide(text, asked, [frozenset()] * len(asked))
    except BadAnswer:
        return
    for part, chunk in zip(parts, asked, strict=True):
        reading = read(part, chunk)
        assert divide(part, (chunk,), [frozenset()])
        part.encode()  # it can be stored
        for finding in reading.findings:
            repr(finding).encode()
            assert 0 <= finding.confidence <= 1
            assert finding.start_line <= finding.end_line
