"""Improvements: only on changed lines, only what is proven to apply, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.errors import BadAnswer, BudgetExhausted, ModelUnavailable
from reviewbot.domain.finding import Category, Severity, Tier
from reviewbot.domain.patch import parse_diff
from reviewbot.review.improve import MOST, MOST_SUGGESTIONS, Suggestions, improve_pull_request
from tests.unit.review.examples import FINDING, REQUEST, World, answer, claimed, diff, entry, world
from tests.unit.review.test_compose import active

if TYPE_CHECKING:
    from reviewbot.review.ports import Question

_CODE = ("def find(rows, name):", "    if name == None:", "        return []", "    return rows")
_FILE = diff(entry("src/find.py", *_CODE))
_BETTER = replace(
    FINDING,
    path="src/find.py",
    quote="    if name == None:",
    suggestion="    if name is None:",
    category=Category.MAINTAINABILITY,
    severity=Severity.LOW,
    title="Compare with None by identity",
)


def _world(*findings: dict[str, Any], **changes: Any) -> World:
    fields: dict[str, Any] = {"changes": _FILE, "say": lambda _: answer(*findings)}
    return world(**fields | changes)


def _improved(here: World, name: str = "below:5") -> Suggestions:
    return improve_pull_request(name, REQUEST, here.ports, here.house)


def _lines(told: Suggestions) -> list[int]:
    return [comment.anchor.line for comment in told.comments]


# --- what is suggested -----------------------------------------------------------------------


def test_an_improvement_is_a_committable_comment_below_the_policy_s_min_severity() -> None:
    here = _world(claimed(_BETTER), policy="min_severity: high\nmax_comments: 0")
    told = _improved(here)

    [comment] = told.comments
    assert (comment.anchor.path, comment.anchor.line) == ("src/find.py", 2)
    assert "```suggestion\n    if name is None:\n```" in comment.body
    assert comment.finding.is_improvement
    assert told.body.startswith("1 suggestion to improve this change")
    [asked] = here.model.asked
    assert (asked.tier, asked.reason) == (Tier.STRONG, "improve")
    assert asked.prompt.system.startswith("You suggest improvements")


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "security"},
        {"severity": "high"},
        {"suggestion": None},
        {"suggestion": "    if name == None:"},
        {"suggestion": "    if eval(name):"},
        {"quote": "not in the file"},
        {"end_line": 3},
        {"confidence": 0.4},
    ],
)
def test_what_is_a_defect_or_not_proven_to_apply_is_not_suggested(changes: dict[str, Any]) -> None:
    told = _improved(_world(claimed(_BETTER, **changes)))

    assert told.comments == ()
    assert "looked at 1 of 1 parts" in told.note


def test_lines_that_did_not_change_are_left_alone() -> None:
    changed = parse_diff(
        b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@\n"
        b" if name == None:\n+    x = 1\n     y = 2\n"
    )
    finding = claimed(_BETTER, path="a.py", start_line=1, end_line=1, quote="if name == None:")
    told = _improved(_world(finding | {"suggestion": "if name is None:"}, changes=changed))

    assert told.comments == ()


def test_no_two_replace_the_same_line_and_no_file_gets_many() -> None:
    rows = [f"if row_{n} == None: pass" for n in range(9)]
    findings = [
        claimed(
            replace(_BETTER, quote=row, start_line=n, end_line=n, title=f"{n} {n * 'x'}"),
            suggestion=row.replace("==", "is"),
        )
        for n, row in enumerate(rows, 1)
    ]
    twice = claimed(_BETTER, quote=rows[0], start_line=1, end_line=1, suggestion="pass", title="Z")
    here = _world(*findings, twice, changes=diff(entry("src/find.py", *rows)))

    assert len(set(_lines(_improved(here)))) == 3


def test_what_stands_is_not_said_again() -> None:
    here = _world(claimed(_BETTER))
    for comment in _improved(here).comments:
        here.forge.comments["1"] = replace(comment.finding, comment_id="1")

    again = _improved(here, "below:6")
    assert again.comments == ()
    assert "$0.00" in again.note
    assert len(here.model.asked) == 1


def test_an_improvement_hides_no_defect_of_a_later_review() -> None:
    here = _world(claimed(_BETTER))
    for comment in _improved(here).comments:
        here.forge.comments["1"] = replace(comment.finding, comment_id="1")
    defect = claimed(_BETTER, category="security", severity="critical", title="Lets anybody in")
    here.model.say = lambda question: answer(defect) if question.tier is Tier.CHEAP else answer()

    report = here.reviewed()
    assert [each.finding.title for each in report.open_findings] == ["Lets anybody in"]
    [published] = here.forge.reviews.values()
    assert len(published.comments) == 1
    assert report.since is None


def test_foreign_text_never_acts() -> None:
    evil = "@ada <img src=x> https://evil.test"
    told = _improved(_world(claimed(_BETTER, title=evil, explanation=evil)))

    assert active(f"{told.body}\n\n{told.fallback}\n\n{told.comments[0].body}") == []


# --- what it costs ---------------------------------------------------------------------------


def test_it_is_capped_and_paid_for_by_the_command() -> None:
    here = _world(claimed(_BETTER))
    _improved(here)

    purse = here.ledger.entries[0].charge.purse
    assert (purse.review_id, purse.limits.per_review) == ("improve:below:5", MOST)


def test_a_large_change_is_looked_at_as_far_as_one_request_goes() -> None:
    rows = [
        f"row_{n:04d} = 'a row of a table that nobody has anything to say of'" for n in range(200)
    ]
    here = _world(changes=diff(*(entry(f"src/m{n}.py", *rows) for n in range(8))))

    assert "of 8 parts" in _improved(here).note
    assert len(here.model.asked) == 1


def test_the_budgets_hold() -> None:
    here = _world()
    here.ledger.limit = 0

    with pytest.raises(BudgetExhausted):
        _improved(here)


def test_models_that_give_no_answer_are_named() -> None:
    def say(_: Question) -> str:
        raise BadAnswer("garbled")  # noqa: EM101 - a test

    with pytest.raises(ModelUnavailable):
        _improved(_world(say=say))


def test_where_nothing_is_to_be_read_nothing_is_asked() -> None:
    here = _world(policy="path_filters: ['src/**']")

    assert _improved(here).comments == ()
    assert here.model.asked == []


def test_without_a_strong_tier_the_cheap_one_suggests() -> None:
    here = _world(claimed(_BETTER))
    del here.model.tiers[Tier.STRONG]

    assert len(_improved(here).comments) == 1


# --- the law ---------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from(["x = 1", "    y = 2", "if a == None:", "\treturn", "", "x = 1  # b"]),
    min_size=1,
    max_size=12,
)


@given(lines=LINES, data=st.data())
@settings(deadline=None, max_examples=200)
def test_applied_suggestions_change_exactly_their_lines(
    lines: list[str], data: st.DataObject
) -> None:
    """What is posted can be committed: each replaces lines of the new file, and no other's."""
    findings = []
    for number in range(data.draw(st.integers(1, 6))):
        first = data.draw(st.integers(0, len(lines) - 1))
        last = data.draw(st.integers(first, min(first + 2, len(lines) - 1)))
        quote = "\n".join(lines[first : last + 1])
        said = data.draw(st.sampled_from(["z = 3", "    z = 3", quote, f"z\n{quote}"]))
        place = {"start_line": first + 1, "end_line": last + 1, "quote": quote}
        findings.append(claimed(_BETTER, suggestion=said, title=f"t{number}", **place))
    here = _world(*findings, changes=diff(entry("src/find.py", *lines)))
    told = _improved(here)

    index = AnchorIndex(here.forge.changes)
    taken: set[int] = set()
    for comment in told.comments:
        span = range(comment.anchor.start_line, comment.anchor.line + 1)
        old = lines[span.start - 1 : span.stop - 1]
        assert list(index.code(comment.anchor)) == old
        block = comment.body.split("```suggestion\n")[1].split("\n```")[0].split("\n")
        assert block != old
        assert taken.isdisjoint(span)
        taken.update(span)
    assert len(told.comments) <= MOST_SUGGESTIONS
