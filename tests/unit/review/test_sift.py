"""Every finding ends with a fate and a reason, and none is said twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import Anchor, Diff
from reviewbot.domain.finding import Finding, Severity, Side, Standing, Tier
from reviewbot.domain.outcome import Fate, Judged
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding, digest_of
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.weigh import Weighed
from tests.unit.review.examples import FINDING, PULL, diff, entry

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE = [f"value_{n} = price / {n}" for n in range(12)]
CHANGES = diff(entry("src/pay.py", *CODE), entry("src/twins.py", "x = 1", "y = 2", "x = 1"))
NEW = [
    "Review",
    "Price",
    "Basket",
    "Zero",
    "Overflow",
    "Rounding",
    "Currency",
    "Tax",
    "VAT",
    "Total",
]
NEW += ["Discount", "Coupon"]


def sieve(
    policy: Policy | None = None,
    posted: Iterable[PostedFinding] = (),
    pull: PullKey = PULL.key,
    changes: Diff = CHANGES,
) -> Sieve:
    return Sieve(AnchorIndex(changes), pull, policy or Policy(), tuple(posted))


def about(line: int, title: str = "", **changes: Any) -> Weighed:
    """A confirmed finding on one line of src/pay.py."""
    plain = replace(
        FINDING, quote=CODE[line], start_line=line + 1, end_line=line + 1, title=title or NEW[line]
    )
    names = {"tier", "model", "standing", "why"}
    finding = replace(plain, **{k: v for k, v in changes.items() if k not in names})
    weighed = Weighed(finding, Tier.STRONG, "large", Standing.CONFIRMED)
    return replace(weighed, **{k: v for k, v in changes.items() if k in names})


def posted_by(judged: Judged) -> PostedFinding:
    """What a comment is remembered by."""
    finding = judged.finding
    return PostedFinding(
        judged.fingerprint,
        finding.path,
        Side.RIGHT,
        finding.category,
        finding.severity,
        digest_of(judged.code[0]),
        finding.title,
    )


def fate(*weighed: Weighed, by: Sieve | None = None) -> list[tuple[Fate, str]]:
    return [(judged.fate, judged.why) for judged in sift(weighed, by or sieve())]


# --- places ----------------------------------------------------------------------------------


def test_a_proven_finding_becomes_a_comment_on_its_line() -> None:
    (judged,) = sift([about(4, start_line=40, end_line=40, path="./src/pay.py")], sieve())

    assert judged.fate is Fate.COMMENT
    assert judged.anchor == Anchor("src/pay.py", Side.RIGHT, 5, 5)
    assert judged.finding.path == "src/pay.py"
    assert judged.code == (CODE[4],)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quote": "nowhere()"}, "its quote is not in the diff of the file"),
        ({"quote": ""}, "it quotes no line"),
        ({"path": "src/other.py"}, "its file is not in the diff, or not told apart"),
    ],
)
def test_a_finding_without_a_proven_line_goes_to_the_summary(
    changes: dict[str, str], why: str
) -> None:
    (judged,) = sift([about(0, **changes)], sieve())

    assert (judged.fate, judged.why, judged.anchor) == (Fate.SUMMARY, why, None)


# --- thresholds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "fate_and_why"),
    [
        ({"confidence": 0.60}, (Fate.COMMENT, "")),
        ({"confidence": 0.59}, (Fate.WITHHELD, "confidence 0.59 is below 0.60")),
        ({"confidence": 0.75, "standing": Standing.UNCHECKED}, (Fate.COMMENT, "")),
        (
            {"confidence": 0.74, "standing": Standing.UNCHECKED},
            (Fate.WITHHELD, "confidence 0.74 is below 0.75"),
        ),
        (
            {"standing": Standing.REJECTED, "why": "a guard"},
            (Fate.WITHHELD, "rejected on the second look: a guard"),
        ),
        (
            {"standing": Standing.UNCERTAIN, "why": "callers decide"},
            (Fate.SUMMARY, "unconfirmed: callers decide"),
        ),
        (
            {"standing": Standing.UNCERTAIN, "why": "w", "severity": Severity.MEDIUM},
            (Fate.WITHHELD, "unconfirmed: w"),
        ),
        (
            {"severity": Severity.LOW},
            (Fate.WITHHELD, "below the policy's min_severity medium"),
        ),
    ],
)
def test_what_is_not_firm_enough_is_withheld_with_its_reason(
    changes: dict[str, Any], fate_and_why: tuple[Fate, str]
) -> None:
    assert fate(about(0, **changes)) == [fate_and_why]


# --- repeats ---------------------------------------------------------------------------------


def test_one_cause_is_said_once_by_the_weightiest() -> None:
    found = sift(
        [
            about(2, "Price is never rounded here", severity=Severity.MEDIUM),
            about(4, "The price is rounded nowhere", severity=Severity.CRITICAL),
        ],
        sieve(),
    )

    assert [(j.finding.severity, j.fate) for j in found] == [
        (Severity.CRITICAL, Fate.COMMENT),
        (Severity.MEDIUM, Fate.WITHHELD),
    ]
    assert found[1].why == "same cause as: The price is rounded nowhere"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (about(2, "Price is never rounded"), about(6, "Price is never rounded")),  # far away
        (about(2, "Price is never rounded"), about(4, "Basket leaks memory")),
        (about(2, "!!"), about(4, "!!")),  # no words to compare
        (
            about(2, "Never rounded"),
            about(0, "Never rounded", path="src/twins.py", quote="y = 2"),
        ),
        (about(0, "One thing", quote="nowhere"), about(0, "Another", quote="nowhere")),
        (about(0, "Price is wrong", quote="nowhere"), about(0, "Price is wrong")),
    ],
)
def test_different_causes_are_both_said(one: Weighed, other: Weighed) -> None:
    assert all(judged.is_open for judged in sift([one, other], sieve()))


def test_the_same_claim_without_a_line_is_said_once() -> None:
    assert [f for f, _ in fate(about(0, "Same", quote="?"), about(1, "same", quote="?"))] == [
        Fate.SUMMARY,
        Fate.WITHHELD,
    ]


def test_a_secret_found_locally_speaks_for_its_line() -> None:
    wide = about(4, "Hard-coded credential", start_line=4, end_line=5)
    local = about(4, "Secret committed", tier=Tier.LOCAL, confidence=0.95)

    assert [(j.tier, j.fate) for j in sift([wide, local], sieve())] == [
        (Tier.LOCAL, Fate.COMMENT),
        (Tier.STRONG, Fate.WITHHELD),
    ]


# --- fingerprints ----------------------------------------------------------------------------


def test_a_fingerprint_survives_new_words_moves_and_spaces() -> None:
    moved = diff(entry("src/pay.py", "import x", *(f"  {line}" for line in CODE)))

    (before,) = sift([about(3, "One wording")], sieve())
    (after,) = sift([about(3, "Quite another")], sieve(changes=moved))

    assert before.fingerprint == after.fingerprint
    assert before.anchor != after.anchor


def test_a_fingerprint_belongs_to_a_pull_request_a_line_and_its_count() -> None:
    def mark(line: int, number: int = 1) -> str:
        weighed = about(0, path="src/twins.py", quote="x = 1", start_line=line, end_line=line)
        (judged,) = sift([weighed], sieve(pull=PullKey(7, number)))
        return judged.fingerprint

    assert len({mark(1), mark(3), mark(1, number=2)}) == 3


# --- caps ------------------------------------------------------------------------------------


def test_the_weightiest_are_posted_and_the_rest_is_listed() -> None:
    policy = Policy(max_comments=3, max_comments_per_file=2)
    lines = [about(n, severity=s) for n, s in ((0, Severity.MEDIUM), (4, Severity.CRITICAL))]
    lines += [about(8), about(11, confidence=0.7)]
    twins = [
        about(n, path="src/twins.py", quote=quote, start_line=n, end_line=n, confidence=0.65)
        for n, quote in ((1, "x = 1"), (2, "y = 2"))
    ]

    found = sift([*lines, *twins], sieve(policy))

    assert Counter(j.fate for j in found) == {Fate.COMMENT: 3, Fate.SUMMARY: 3}
    assert Counter(j.why for j in found) == {
        "": 3,
        "beyond max_comments": 2,
        "beyond max_comments_per_file": 1,
    }
    assert found[0].finding.severity is Severity.CRITICAL


def test_what_stands_already_is_not_posted_again_and_keeps_its_place() -> None:
    (before,) = sift([about(0)], sieve())

    found = sift([about(0), about(6)], sieve(Policy(max_comments=1), [posted_by(before)]))

    assert [(j.fate, j.why) for j in found] == [
        (Fate.STANDING, "posted earlier"),
        (Fate.SUMMARY, "beyond max_comments"),
    ]


# --- the law ---------------------------------------------------------------------------------

FINDINGS = st.builds(
    replace,
    st.just(FINDING),
    path=st.sampled_from(["src/pay.py", "src/twins.py", "pay.py", "other.py"]),
    side=st.sampled_from(Side),
    quote=st.sampled_from([*CODE, "x = 1", " y  = 2", "nowhere", "", CODE[1] + "\n" + CODE[2]]),
    start_line=st.integers(-3, 15),
    severity=st.sampled_from(Severity),
    confidence=st.floats(0, 1),
    title=st.sampled_from(["Price is wrong", "wrong price", "Leak", "Leaks memory", "!"]),
)
WEIGHED = st.builds(
    Weighed,
    FINDINGS,
    st.sampled_from(Tier),
    st.just("m"),
    st.sampled_from(Standing),
    st.sampled_from(["", "reason"]),
)


POSTABLE = [posted_by(judged) for n in range(12) for judged in sift([about(n)], sieve())]


def same(finding: Finding) -> Finding:
    """A finding, but for the name of its file, which the diff gives."""
    return replace(finding, path="")


@given(
    st.lists(WEIGHED, max_size=14),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sets(st.sampled_from(POSTABLE)),
)
@settings(max_examples=200, deadline=None)
def test_posted_and_listed_and_withheld_are_all_that_was_found(
    weighed: list[Weighed], most: int, per_file: int, posted: set[PostedFinding]
) -> None:
    policy = Policy(max_comments=most, max_comments_per_file=per_file)

    found = sift(weighed, sieve(policy, posted))

    assert Counter(same(j.finding) for j in found) == Counter(same(w.finding) for w in weighed)
    comments = [j for j in found if j.fate is Fate.COMMENT]
    assert len(comments) <= most
    assert all(n <= per_file for n in Counter(j.finding.path for j in comments).values())
    assert not {j.fingerprint for j in comments} & {each.fingerprint for each in posted}
    shown = [j.fingerprint for j in found if j.is_open]
    assert len(shown) == len(set(shown))
    assert all(j.why for j in found if j.fate is not Fate.COMMENT)
    for judged in comments:
        _stands_on_what_it_quotes(judged)
    assert sift(weighed, sieve(policy, posted)) == found


def _stands_on_what_it_quotes(judged: Judged) -> None:
    assert judged.anchor is not None
    first = judged.finding.quote.split("\n")[0].split()
    assert first in [line.split() for line in judged.code]
    file = next(file for file in CHANGES.files if file.path == judged.anchor.path)
    texts = {line.new: line.text for hunk in file.hunks for line in hunk.lines}
    numbers = range(judged.anchor.start_line, judged.anchor.line + 1)
    assert judged.code == tuple(texts[number] for number in numbers)
