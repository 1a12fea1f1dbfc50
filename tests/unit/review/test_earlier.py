from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.finding import Category, Finding, Severity, Side, Standing, Tier
from reviewbot.domain.outcome import Coverage, Covered, Fate, Judged, Receipt, Segment
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding, digest_of
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.answer import Reading
from reviewbot.review.earlier import alike, follow, lost
from reviewbot.review.escalate import Surveyed
from reviewbot.review.plan import plan_survey
from reviewbot.review.prompt import Task
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.weigh import Weighed

if TYPE_CHECKING:
    from reviewbot.domain.diff import Diff

CODE = ("def mean(values):", "    total = sum(values)", "    return total / len(values)", "")
READ = Receipt((Covered(Segment("a.py", "1-4", 4), Coverage.READ, ""),))
FAILED = Receipt((Covered(Segment("a.py", "1-4", 4), Coverage.FAILED, "no answer"),))


def diff_of(*lines: str, path: str = "a.py") -> Diff:
    body = "".join(f"+{line}\n" for line in lines)
    header = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
    return parse_diff((header + body).encode())


def finding(quote: str = CODE[2], title: str = "Divides by zero") -> Finding:
    return Finding(
        "a.py",
        Side.RIGHT,
        3,
        3,
        quote,
        Category.CORRECTNESS,
        Severity.HIGH,
        0.9,
        title,
        "When it is empty.",
    )


def sifted(diff: Diff, found: Finding, *posted: PostedFinding) -> tuple[Judged, ...]:
    sieve = Sieve(AnchorIndex(diff), PullKey(1, 1), Policy(), posted)
    return sift([Weighed(found, Tier.STRONG, "m", Standing.CONFIRMED)], sieve)


def posted_by(judged: Judged) -> PostedFinding:
    return PostedFinding(
        judged.fingerprint,
        judged.finding.path,
        Side.RIGHT,
        judged.finding.category,
        judged.finding.severity,
        digest_of(judged.code[0]),
        judged.finding.title,
        "17",
    )


FIRST = posted_by(sifted(diff_of(*CODE), finding())[0])


@pytest.mark.parametrize(
    "found",
    [
        finding(title="Other words for the same"),
        finding(quote=CODE[1], title="The sum of nothing is divided"),
        finding(quote=CODE[0], title="mean() of an empty list raises"),
    ],
)
def test_a_finding_in_other_words_or_on_a_line_beside_is_not_said_again(found: Finding) -> None:
    moved = diff_of("import os", "", *CODE)
    [judged] = sifted(moved, found, FIRST)
    assert judged.fate is Fate.STANDING
    assert judged.fingerprint == FIRST.fingerprint
    assert judged.is_open


def test_one_defect_under_another_category_is_known_by_its_title() -> None:
    other = finding(quote=CODE[1], title="Division by zero: divides by zero values")
    other = replace(other, category=Category.MAINTAINABILITY)
    assert sifted(diff_of(*CODE), other, FIRST)[0].fate is Fate.STANDING


@pytest.mark.parametrize(
    ("title", "other", "same"),
    [
        ("空购物篮时除以零", "购物篮为空时会除以零", True),
        ("空购物篮时除以零", "密码写入了日志", False),
        ("空のカートでゼロ除算", "カートが空だとゼロ除算になる", True),
        ("`count` 为零时除法出错", "Leaks the count", False),
    ],
)
def test_titles_are_alike_in_scripts_without_spaces_too(title: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column
    assert alike(title, other) is same


def test_a_second_defect_of_the_kind_is_said_where_the_first_is_still_named() -> None:
    sieve = Sieve(AnchorIndex(diff_of(*CODE)), PullKey(1, 1), Policy(), (FIRST,))
    both = [finding(), finding(quote=CODE[1], title="Overflows on huge numbers")]
    judged = sift([Weighed(each, Tier.STRONG, "m", Standing.CONFIRMED) for each in both], sieve)
    assert sorted(each.fate for each in judged) == [Fate.COMMENT, Fate.STANDING]


def test_what_was_fixed_and_comes_back_is_said_again() -> None:
    fixed = replace(FIRST, is_fixed=True)
    assert sifted(diff_of(*CODE), finding(), fixed)[0].fate is Fate.COMMENT


def test_a_finding_whose_line_is_gone_is_fixed() -> None:
    index = AnchorIndex(diff_of(*CODE[:2], "    return total / max(1, len(values))"))
    aftermath = follow((), [FIRST], index, READ)
    assert aftermath.fixed == (FIRST,)
    assert aftermath.still_open == ()


def test_a_finding_whose_line_stands_is_not_called_fixed() -> None:
    assert follow((), [FIRST], AnchorIndex(diff_of(*CODE)), READ).fixed == ()


def test_a_finding_in_a_file_that_was_not_read_stays_open() -> None:
    aftermath = follow((), [FIRST], AnchorIndex(diff_of("other")), FAILED)
    assert aftermath.fixed == ()
    [judged] = aftermath.still_open
    assert (judged.fate, judged.finding.severity) == (Fate.STANDING, Severity.HIGH)
    assert judged.is_open


def test_a_thread_that_says_fixed_is_left_alone() -> None:
    fixed = replace(FIRST, is_fixed=True)
    aftermath = follow((), [fixed], AnchorIndex(diff_of("other")), FAILED)
    assert (aftermath.fixed, aftermath.still_open) == ((), ())


def test_a_finding_follows_its_file_to_a_new_name() -> None:
    renamed = (
        b"diff --git a/a.py b/b.py\nsimilarity index 90%\nrename from a.py\nrename to b.py\n"
        b"--- a/a.py\n+++ b/b.py\n@@ -1,2 +1,3 @@\n def mean(values):\n"
        b"+    return total / len(values)\n     pass\n"
    )
    found = replace(finding(title="Said anew"), path="b.py")
    assert sifted(parse_diff(renamed), found, FIRST)[0].fate is Fate.STANDING


def test_a_grave_finding_that_vanishes_beside_a_change_asks_for_a_second_look() -> None:
    [chunk] = plan_survey(diff_of("import os", *CODE), Policy()).chunks
    surveyed = Surveyed(Task(chunk, "key", ""), Reading(()))
    assert lost(surveyed, [FIRST])
    assert not lost(Surveyed(Task(chunk, "key", ""), Reading((finding(),))), [FIRST])
    assert not lost(surveyed, [replace(FIRST, severity=Severity.MEDIUM)])
    assert not lost(surveyed, [replace(FIRST, path="b.py")])
    assert not lost(Surveyed(Task(chunk, "key", ""), None), [FIRST])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["Empty list", "len() may be 0", "ZeroDivisionError", "Boom"]),
            st.sampled_from(CODE[:3]),
        ),
        min_size=1,
        max_size=100,
    )
)
def test_however_often_and_however_worded_one_defect_is_posted_once(
    pushes: list[tuple[int, str, str]],
) -> None:
    posted: list[PostedFinding] = []
    for shift, title, quote in pushes:
        diff = diff_of(*["import os"] * shift, *CODE)
        judged = sifted(diff, finding(quote=quote, title=title), *posted)
        posted.extend(posted_by(each) for each in judged if each.fate is Fate.COMMENT)
    assert len(posted) == 1
