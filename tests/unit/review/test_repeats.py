"""One comment a line, whatever a model says of it: no push repeats another, none hides a second."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.compare import compared
from reviewbot.domain.diff import Change, Diff
from reviewbot.domain.finding import Category, Finding, Severity, Side, Standing, Tier
from reviewbot.domain.outcome import Coverage, Covered, Fate, Judged, Receipt, Segment
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.earlier import follow, listed, remembered
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.weigh import Weighed
from tests.unit.review.examples import answer, claimed, diff, entry, world

if TYPE_CHECKING:
    from reviewbot.domain.posted import PostedFinding

LINE = "    db.execute('SELECT * FROM users WHERE id = ' + user_id)"
CODE = ("def load(db, user_id):", LINE, "    db.commit()", "", "def other():", "    return 1")
HERE = diff(entry("a.py", *CODE))
READ = Receipt((Covered(Segment("a.py", "1-6", 6), Coverage.READ, ""),))
UNREAD = Receipt((Covered(Segment("a.py", "1-6", 6), Coverage.FAILED, "no answer"),))
WORDS = (
    "SQL injection through user_id",
    "Unescaped input in a query",
    "Attackers read any row",
    "String concatenation builds the statement",
    "No bound parameter",
)


def claim(
    title: str = WORDS[0],
    category: Category = Category.SECURITY,
    severity: Severity = Severity.HIGH,
    quote: str = LINE,
    cwe: str | None = None,
) -> Finding:
    return Finding("a.py", Side.RIGHT, 2, 2, quote, category, severity, 0.9, title, "e", cwe=cwe)


COMMIT = claim("Waits for the database under a lock", Category.CONCURRENCY, Severity.MEDIUM)


def firm(finding: Finding, standing: Standing = Standing.CONFIRMED) -> Weighed:
    return Weighed(finding, Tier.STRONG, "m", standing, "callers decide")


def judge(
    *weighed: Weighed,
    posted: tuple[PostedFinding, ...] = (),
    changes: Diff = HERE,
    policy: Policy | None = None,
) -> tuple[Judged, ...]:
    sieve = Sieve(AnchorIndex(changes), PullKey(1, 1), policy or Policy(), posted)
    return sift(weighed, sieve)


def comments(judged: tuple[Judged, ...]) -> list[PostedFinding]:
    return [
        replace(remembered(each, each.anchor), comment_id="7")
        for each in judged
        if each.fate is Fate.COMMENT and each.anchor
    ]


# --- a hundred pushes ------------------------------------------------------------------------


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_hundred_pushes_in_other_words_ranges_and_categories_post_one_comment(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible
    told: tuple[PostedFinding, ...] = ()
    posted = 0
    for push in range(100):
        said = [
            replace(
                claim(
                    chance.choice(WORDS),
                    chance.choice(list(Category)),
                    chance.choice([Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM]),
                    cwe=chance.choice(["CWE-89", "CWE-564", "CWE-20", None]),
                ),
                start_line=chance.choice([1, 2, 2]),
                end_line=chance.choice([2, 2, 4]),
            )
            for _ in range(chance.choice([0, 1, 1, 2, 3]))
        ]
        standing = [chance.choice([Standing.CONFIRMED, Standing.UNCERTAIN]) for _ in said]
        moved = diff(entry("a.py", *[f"# {n}" for n in range(push % 7)], *CODE))
        judged = judge(*map(firm, said, standing), posted=told, changes=moved)
        fresh = comments(judged)
        posted += len(fresh)
        names = {each.fingerprint for each in told}
        new = [each for each in (*fresh, *listed(judged)) if each.fingerprint not in names]
        told = (*told, *new)
    assert posted <= 1
    assert len(told) <= 1 + len(Category)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_hundred_pushes_that_move_the_quote_as_well_post_one_comment(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible
    told: tuple[PostedFinding, ...] = ()
    posted = 0
    for _ in range(100):
        quote = chance.choice(CODE[:3])
        said = claim(chance.choice(WORDS), chance.choice(list(Category)), quote=quote)
        judged = judge(firm(said), posted=told)
        fresh = comments(judged)
        posted += len(fresh)
        names = {each.fingerprint for each in told}
        told = (
            *told,
            *(e for e in (*fresh, *listed(judged)) if e.fingerprint not in names),
        )
    assert posted == 1
    assert len(told) <= len(CODE[:3])


def test_what_stands_beside_a_finding_that_is_named_again_is_news() -> None:
    told = tuple(comments(judge(firm(claim()))))
    beside = replace(COMMIT, quote=CODE[2])
    judged = judge(firm(claim(WORDS[1])), firm(beside), posted=told)
    assert [each.fate for each in judged] == [Fate.STANDING, Fate.COMMENT]


def test_what_stands_beside_a_finding_that_is_not_named_again_is_listed() -> None:
    told = tuple(comments(judge(firm(claim()))))
    [judged] = judge(firm(replace(COMMIT, quote=CODE[2])), posted=told)
    assert (judged.fate, judged.is_open) == (Fate.SUMMARY, True)
    assert WORDS[0] in judged.why


# --- two defects of one line -----------------------------------------------------------------


def test_what_may_be_another_defect_of_the_line_is_listed_under_a_name_of_its_own() -> None:
    first, second = judge(firm(claim()), firm(COMMIT))
    assert [first.fate, second.fate] == [Fate.COMMENT, Fate.SUMMARY]
    assert first.fingerprint != second.fingerprint
    assert second.is_open
    assert judge(firm(COMMIT))[0].fingerprint == first.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(COMMIT, category=Category.SECURITY),
        replace(COMMIT, title="SQL injection when waiting"),
        replace(COMMIT, cwe="CWE-89"),
    ],
)
def test_what_has_kind_words_or_weakness_in_common_is_the_same_defect(other: Finding) -> None:
    judged = judge(firm(claim(cwe="CWE-89")), firm(other))
    assert [each.fate for each in judged] == [Fate.COMMENT, Fate.WITHHELD]


def test_a_confirmed_finding_survives_a_graver_one_that_is_not_certain() -> None:
    doubted = claim("Attackers read any row", severity=Severity.CRITICAL)
    judged = judge(firm(doubted, Standing.UNCERTAIN), firm(COMMIT))
    assert [(each.finding.title, each.fate) for each in judged] == [
        (COMMIT.title, Fate.COMMENT),
        (doubted.title, Fate.SUMMARY),
    ]
    assert len({each.fingerprint for each in judged}) == 2


def test_what_is_not_certain_and_no_graver_adds_nothing() -> None:
    doubted = claim("Attackers read any row")
    judged = judge(firm(doubted, Standing.UNCERTAIN), firm(claim(severity=Severity.HIGH)))
    assert [each.fate for each in judged] == [Fate.COMMENT, Fate.WITHHELD]


# --- files whose lines GitHub does not show --------------------------------------------------


def unshown(*lines: str) -> Diff:
    new = "".join(f"{line}\n" for line in lines).encode()
    return Diff((compared("a.py", None, Change.ADDED, b"", new),))


def test_a_finding_on_a_line_that_github_does_not_show_is_named_by_its_code() -> None:
    [first] = judge(firm(claim()), changes=unshown(*CODE))
    [again] = judge(firm(claim(WORDS[1])), changes=unshown("import db", *CODE))
    assert (first.fate, first.anchor) == (Fate.SUMMARY, None)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint == judge(firm(claim()))[0].fingerprint


# --- what was listed -------------------------------------------------------------------------

SECOND = claim("Returns a constant", Category.CORRECTNESS, Severity.MEDIUM, CODE[5])
ONE = Policy(max_comments=1)


def test_what_was_listed_is_not_raised_when_there_is_room_for_it() -> None:
    first = judge(firm(claim()), firm(SECOND), policy=ONE)
    [told] = listed(first)
    assert told.is_listed
    reworded = replace(SECOND, title="Never looks anything up")
    [judged] = judge(firm(reworded), posted=(told,), policy=ONE)
    assert (judged.fate, judged.why) == (Fate.SUMMARY, "listed earlier")
    assert listed([judged]) == [replace(told, title=reworded.title)]


def test_what_was_listed_is_fixed_when_its_line_is_gone_and_open_when_nobody_looked() -> None:
    [told] = listed(judge(firm(claim()), firm(SECOND), policy=ONE))
    gone = AnchorIndex(diff(entry("a.py", *CODE[:5], "    return look_up()")))
    assert follow((), [told], gone, READ).fixed == (told,)
    [still] = follow((), [told], AnchorIndex(HERE), UNREAD).still_open
    assert (still.fate, still.why) == (Fate.SUMMARY, "listed earlier, not read again")


def test_what_the_second_look_could_not_tell_is_news_once_it_is_confirmed() -> None:
    doubted = judge(firm(claim(), Standing.UNCERTAIN))
    assert [each.fate for each in doubted] == [Fate.SUMMARY]
    assert listed(doubted) == []


def test_the_summary_follows_what_it_listed_from_push_to_push() -> None:
    policy = "max_comments: 1\n"
    found = [claimed(claim()), claimed(SECOND)]
    here = world(HERE, lambda _: answer(*found), policy)
    here.reviewed()
    assert [each.is_listed for each in here.journal.remembered.values()] == [False, True]

    found[:] = [claimed(replace(SECOND, title="Never looks anything up"))]
    here.forge.changes = diff(entry("a.py", CODE[0], "    db.execute(q, id)", *CODE[2:]))
    second = here.reviewed()
    assert [each.fate for each in second.findings] == [Fate.SUMMARY]
    assert second.since is not None
    assert second.since.still_open == 1

    found[:] = []
    here.forge.changes = diff(entry("a.py", "import look_up"))
    third = here.reviewed()
    assert third.since is not None
    assert third.since.still_open == 0
    assert not any(each.is_listed for each in here.journal.remembered.values())
