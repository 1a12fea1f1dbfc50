from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reviewbot.domain.past import MergedPull, Remark
from reviewbot.domain.patch import parse_diff
from reviewbot.lab.history import is_fix, mended, past_cases, remarked

ALICE, MARIA = 7, 8
HEAD, EARLIER = "a" * 40, "c" * 40


def pull(number: int = 1, title: str = "Add the shop") -> MergedPull:
    return MergedPull(number, title, ALICE, datetime(2026, 11, number, tzinfo=UTC), "b" * 40, HEAD)


def remark(text: str, author: int = MARIA, number: int = 1) -> Remark:
    return Remark(number, author, EARLIER, "a.py", 3, 4, text)


def test_what_reviewers_said_is_a_label_of_the_commit_they_said_it_of() -> None:
    labels = remarked(pull(), [remark("This divides by zero for an empty cart.")])
    [label] = labels[EARLIER]
    assert (label.path, label.start_line, label.end_line) == ("a.py", 3, 4)


@pytest.mark.parametrize(
    "said",
    [
        remark("nit: I would call this something shorter"),
        remark("LGTM, thank you for the patience"),
        remark("why?"),
        remark("I know that this divides by zero.", ALICE),
        remark("This divides by zero for an empty cart.", number=2),
    ],
)
def test_taste_thanks_and_the_authors_own_words_are_no_labels(said: Remark) -> None:
    assert remarked(pull(), [said]) == {}


def added(*lines: str) -> bytes:
    body = "".join(f"+{line}\n" for line in lines)
    return f"--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,{len(lines)} @@\n{body}".encode()


def removed(*lines: str) -> bytes:
    body = "".join(f"-{line}\n" for line in lines)
    return f"--- a/a.py\n+++ b/a.py\n@@ -1,{len(lines)} +0,0 @@\n{body}".encode()


def test_lines_that_a_later_fix_removed_are_labels() -> None:
    diff = parse_diff(
        added("import shop", "total = sum(prices) / len(prices)", "x = 1", "return total / 2")
    )
    fix = pull(5, "Fix the average of an empty cart")
    change = parse_diff(removed("    total = sum(prices) / len(prices)", "x = 1"))
    [label] = mended(diff, [(fix, change)])
    assert (label.start_line, label.end_line) == (2, 2)
    assert label.note == "Mended by #5: Fix the average of an empty cart"


def test_a_rewrite_is_no_fix() -> None:
    lines = [f"value_number_{n} = {n}" for n in range(101)]
    assert mended(parse_diff(added(*lines)), [(pull(5), parse_diff(removed(*lines)))]) == []


@pytest.mark.parametrize(
    ("title", "fixes"),
    [
        ("Fix the average", True),
        ("fixes #12", True),
        ("Revert “Add the shop”", True),
        ("Prefix all names", False),
        ("Debug output", False),
    ],
)
def test_titles_tell_fixes(title: str, fixes: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_fix(pull(title=title)) is fixes


def test_what_nothing_is_known_of_is_a_clean_case() -> None:
    [clean] = past_cases(pull(), {}, [])
    assert (clean.commit, clean.expected, clean.diff_name) == (HEAD, (), "1-aaaaaaaaaaaa.diff")
    labels = remarked(pull(), [remark("This divides by zero for an empty cart.")])
    [case] = past_cases(pull(), labels, [])
    assert (case.commit, len(case.expected)) == (EARLIER, 1)
    assert len(past_cases(pull(), labels, labels[EARLIER])) == 2
