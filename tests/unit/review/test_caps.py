from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.finding import Category, Finding, Severity, Side, Standing, Tier
from reviewbot.domain.outcome import Fate, Judged
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding, digest_of
from reviewbot.domain.pull_request import PullKey
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.weigh import Weighed

FILES = ("a.py", "b.py", "c.py")
APART = 10  # lines, so that no defect is taken for its neighbour
GRAVE = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
POLICY = Policy(max_comments=5, max_comments_per_file=3)
LINES = 60
INDEX = AnchorIndex(
    parse_diff(
        "".join(
            f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{LINES} @@\n"
            + "".join(f"+{path} step {number}\n" for number in range(1, LINES + 1))
            for path in FILES
        ).encode()
    )
)

places = st.tuples(st.sampled_from(FILES), st.integers(1, LINES // APART))
defects = st.dictionaries(places, st.sampled_from(GRAVE), max_size=18)


def defect(path: str, nth: int, severity: Severity) -> Weighed:
    line = nth * APART
    finding = Finding(
        path,
        Side.RIGHT,
        line,
        line,
        f"{path} step {line}",
        Category.CORRECTNESS,
        severity,
        0.9,
        f"Breaks {path} {nth}",
        "When it is empty.",
    )
    return Weighed(finding, Tier.STRONG, "m", Standing.CONFIRMED)


def judge(
    found: dict[tuple[str, int], Severity], posted: tuple[PostedFinding, ...] = ()
) -> tuple[Judged, ...]:
    weighed = [defect(path, nth, severity) for (path, nth), severity in found.items()]
    return sift(weighed, Sieve(INDEX, PullKey(1, 1), POLICY, posted))


def comments(judged: tuple[Judged, ...]) -> tuple[PostedFinding, ...]:
    return tuple(
        PostedFinding(
            each.fingerprint,
            each.finding.path,
            Side.RIGHT,
            each.finding.category,
            each.finding.severity,
            digest_of(each.code[0]),
            each.finding.title,
            "17",
        )
        for each in judged
        if each.fate is Fate.COMMENT
    )


@given(defects)
def test_what_was_beyond_the_caps_is_not_posted_by_the_next_review(
    found: dict[tuple[str, int], Severity],
) -> None:
    first = comments(judge(found))
    again = judge(found, first)
    assert not comments(again)
    assert sum(each.fate is Fate.STANDING for each in again) == len(first)


def test_a_graver_finding_is_posted_although_the_places_are_taken() -> None:
    found = {(path, nth): Severity.MEDIUM for path in FILES for nth in range(1, 4)}
    first = comments(judge(found))
    assert len(first) == POLICY.max_comments
    found["a.py", 5] = Severity.CRITICAL
    assert [each.severity for each in comments(judge(found, first))] == [Severity.CRITICAL]
