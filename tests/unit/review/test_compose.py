"""What people read: true sums, honest headlines, and no foreign Markdown that acts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reviewbot.domain.diff import Anchor
from reviewbot.domain.finding import Severity, Side, Tier
from reviewbot.domain.money import PicoUsd, parse_usd
from reviewbot.domain.outcome import (
    Bill,
    Coverage,
    Covered,
    Escalation,
    Fate,
    Judged,
    Receipt,
    Segment,
    Since,
)
from reviewbot.review import compose
from reviewbot.review.ports import Conclusion
from tests.unit.review.examples import FINDING, judged, report

READ = Covered(Segment("a.py", "1-9", 9), Coverage.READ, "cheap tier small")
LOCK = Covered(Segment("uv.lock", "1-2", 2), Coverage.EXCLUDED, "lock file")
POOR = Covered(Segment("src/x.py", "10-40", 31), Coverage.OVER_BUDGET, "the budget is used up")
LOST = Covered(Segment("big.py", "", 0), Coverage.FAILED, "no route gave an answer")
BILL = Bill(
    spent=parse_usd("0.031"),
    presumed=PicoUsd(0),
    saved=parse_usd("0.012"),
    pr_total=parse_usd("0.031"),
    pr_limit=parse_usd("1"),
    tokens_in=12_345,
    tokens_out=678,
)


def on(line: int, **changes: Any) -> Judged:
    finding = replace(FINDING, start_line=line, end_line=line, title=f"Defect {line}")
    return judged(finding, fingerprint=str(line), **changes)


# --- one finding -----------------------------------------------------------------------------


def test_a_comment_says_what_why_and_who() -> None:
    finding = replace(FINDING, cwe="CWE-369", rule="no_zero", suggestion="    return 0")

    body = compose.comment_body(replace(judged(finding), cost=parse_usd("0.0012")))

    assert body == (
        "🟧 **Division by zero for an empty basket**"
        " <sub>high · correctness · CWE-369 · rule no\\_zero</sub>\n\n"
        "With count = 0 the division raises.\n\n"
        "```suggestion\n    return 0\n```\n\n"
        "<details><summary>Details</summary>\n\n"
        "strong tier · large · confidence 0.90 · reading this code cost $0.0012\n\n</details>"
    )


def test_a_suggestion_that_is_not_proven_is_only_shown() -> None:
    finding = replace(FINDING, suggestion="eval(x)\u202e\n```")

    body = compose.comment_body(judged(finding))

    assert "````\neval(x)\n```\n````" in body
    assert "suggestion" not in body


def test_a_local_finding_names_no_model() -> None:
    body = compose.comment_body(judged(tier=Tier.LOCAL, model=""))

    assert body.endswith("\n\nfound locally, no model asked\n\n</details>")


def test_a_rule_that_looks_like_an_address_does_not_link() -> None:
    body = compose.comment_body(judged(replace(FINDING, rule="www.evil.example")))

    assert "rule `www.evil.example`" in body


@pytest.mark.parametrize(
    ("anchor", "words"),
    [
        (Anchor("a.py", Side.RIGHT, 3, 3), "a.py:3"),
        (Anchor("a.py", Side.RIGHT, 3, 5), "a.py:3-5"),
        (Anchor("a.py", Side.LEFT, 3, 3), "a.py:3 (old)"),
        (None, "src/pay.py"),
    ],
)
def test_a_place_in_words(anchor: Anchor | None, words: str) -> None:
    assert compose.place(judged(anchor=anchor)) == words


# --- the whole -------------------------------------------------------------------------------


def test_the_summary_begins_with_what_counts() -> None:
    findings = [on(1), on(2), judged(replace(FINDING, severity=Severity.MEDIUM))]
    looks = (
        Escalation("a.py", "severity high", confirmed=3, rejected=2),
        Escalation("b.py", "random audit; not done: over the policy's max_share", done=False),
    )
    receipt = Receipt((READ, LOCK, POOR))

    lines = compose.result_lines(
        report(*findings, receipt=receipt, escalations=looks, bill=BILL, since=Since(1, 1))
    )

    assert lines == [
        "reviewbot: 2 high, 1 medium · NOT FULLY READ",
        (
            "3 segments = 1 read + 0 known + 1 excluded (lock file)"
            " + 1 over budget (src/x.py:10-40) + 0 failed"
        ),
        "Escalated 1: 3 confirmed, 2 rejected · $0.031 of $1.00 · saved $0.012",
        "Since the last push: 1 fixed, 1 open",
    ]


@pytest.mark.parametrize(
    ("receipt", "headline"),
    [
        (Receipt((READ,)), "reviewbot: no findings"),
        (Receipt((READ, LOCK)), "reviewbot: no findings"),
        (Receipt((READ, LOST)), "reviewbot: no findings in what was read · NOT FULLY READ"),
        (Receipt((POOR,)), "reviewbot: no findings in what was read · NOT FULLY READ"),
    ],
)
def test_nothing_is_called_well_that_was_not_read(receipt: Receipt, headline: str) -> None:
    assert compose.headline(report(receipt=receipt)) == headline


def test_many_gaps_are_counted_and_one_segment_is_one() -> None:
    gaps = [replace(LOST, segment=Segment(f"{n}.py", "", 0)) for n in range(5)]

    assert "5 failed (0.py, 1.py, 2.py, 2 more)" in compose.receipt_line(Receipt(tuple(gaps)))
    assert compose.receipt_line(Receipt((READ,))).startswith("1 segment = 1 read + ")


def test_presumed_money_is_shown_apart() -> None:
    line = compose.money_line(report(bill=replace(BILL, presumed=parse_usd("0.2"))))

    assert "$0.031 (+ $0.200 presumed) of $1.00" in line


def test_a_limit_for_life_is_compared_with_what_earlier_reviews_cost_too() -> None:
    line = compose.money_line(report(bill=replace(BILL, pr_total=parse_usd("0.95"))))
    assert "$0.031 of $1.00 ($0.950 in all) · saved" in line
    assert "in all" not in compose.money_line(report(bill=BILL))


def test_the_summary_lists_each_finding_in_its_section() -> None:
    text = compose.summary(
        report(
            on(1),
            on(2, fate=Fate.STANDING),
            on(3, fate=Fate.SUMMARY, anchor=None),
            on(4, fate=Fate.WITHHELD, why="same cause as: @octocat"),
            receipt=Receipt((READ, LOCK, POOR, LOST)),
        )
    )

    def section(begin: str) -> str:
        return text.partition(begin)[2].partition("\n\n**")[0].partition("</details>")[0]

    assert "**Not read, and why**" in text
    assert "- `src/x.py:10-40`: over budget, the budget is used up" in text
    assert "- `big.py`: failed, no route gave an answer" in text
    assert "Defect 3" in section("**More findings**")
    assert "Defect 1" in section("Findings on lines")
    assert "Defect 2" in section("Findings on lines")
    assert "Defect 4 (same cause as: `@octocat`)" in section("Withheld")
    assert "| read | 1 | 9 | cheap tier small (1) |" in section("Coverage receipt")


def test_an_empty_section_is_left_out_and_a_long_one_counted() -> None:
    assert "Withheld" not in compose.summary(report(on(1)))
    many = [on(n, fate=Fate.SUMMARY) for n in range(40)]
    assert "- … and 10 more" in compose.summary(report(*many))


def test_the_whole_report_as_one_text_shows_every_open_finding_once() -> None:
    text = compose.told(report(on(1), on(2, fate=Fate.SUMMARY), on(3, fate=Fate.WITHHELD)))

    assert text.count("#### `src/pay.py:1`") == 1
    assert "#### `src/pay.py:2`" not in text
    assert "#### `src/pay.py:3`" not in text


# --- the publication -------------------------------------------------------------------------


def test_a_review_posts_its_comments_and_can_say_them_as_text() -> None:
    publication = compose.compose(report(on(1), on(2, fate=Fate.STANDING), bill=BILL), "r1")

    assert [comment.finding.fingerprint for comment in publication.comments] == ["1"]
    assert "strong tier large · 12,345 tokens in, 678 out · $0.031" in publication.body
    assert "**Defect 1** (`src/pay.py:1`)" in publication.fallback
    assert "Defect 2" not in publication.fallback


def test_without_comments_there_is_no_review_but_a_summary() -> None:
    publication = compose.compose(report(on(2, fate=Fate.STANDING)), "r1")

    assert (publication.body, publication.comments) == ("", ())
    assert "Defect 2" in publication.summary


@pytest.mark.parametrize(
    ("fail_on", "receipt", "incomplete", "conclusion"),
    [
        (None, Receipt((READ,)), "neutral", Conclusion.SUCCESS),
        (Severity.CRITICAL, Receipt((READ,)), "neutral", Conclusion.SUCCESS),
        (Severity.HIGH, Receipt((READ,)), "neutral", Conclusion.FAILURE),
        (Severity.HIGH, Receipt((LOST,)), "neutral", Conclusion.FAILURE),
        (None, Receipt((LOST,)), "neutral", Conclusion.NEUTRAL),
        (None, Receipt((POOR,)), "block", Conclusion.FAILURE),
    ],
)
@pytest.mark.parametrize("fate", [Fate.COMMENT, Fate.STANDING, Fate.SUMMARY])
def test_the_check_counts_all_open_findings(
    fail_on: Severity | None, receipt: Receipt, incomplete: str, conclusion: Conclusion, fate: Fate
) -> None:
    assert incomplete in {"neutral", "block"}
    told = report(on(1, fate=fate), fail_on=fail_on, receipt=receipt)

    check = compose.check(told, "block" if incomplete == "block" else "neutral")

    assert check.conclusion is conclusion
    assert check.title.startswith("1 high")


def test_a_withheld_finding_fails_no_check() -> None:
    told = report(on(1, fate=Fate.WITHHELD), fail_on=Severity.INFO)

    assert compose.check(told, "block").conclusion is Conclusion.SUCCESS


def test_annotations_are_plain_and_only_of_what_has_no_comment_on_its_line() -> None:
    mute = replace(FINDING, title="Bad\u202e name", explanation="")
    told = report(
        on(1, fate=Fate.SUMMARY),
        on(2, anchor=None, fate=Fate.SUMMARY),
        on(3, anchor=Anchor("a.py", Side.LEFT, 3, 3), fate=Fate.SUMMARY),
        judged(mute, fingerprint="m", fate=Fate.SUMMARY),
        on(4),
        on(5, fate=Fate.STANDING),
    )

    annotations = compose.check(told, "neutral").annotations

    assert [(a.start_line, a.title) for a in annotations] == [(1, "Defect 1"), (2, "Bad name")]
    assert annotations[1].message == "Bad name"


# --- the law ---------------------------------------------------------------------------------

WORDS = """
@octocat ` `` ``` <img/src=x> <!-- --> [x](https://e.example) #7 ![i](//e.example/p.png)
</details> | x
"""
ESCAPES = ["\n", "\n\n", " ", "\u202e", "\x1b[2J"]
HOSTILE = st.lists(st.sampled_from([*WORDS.split(), *ESCAPES]), max_size=8).map("".join)
OURS = re.compile(r"</?(?:sub|details|summary)>")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def active(text: str) -> list[str]:
    """What a reader of Markdown would link, load, mention or run."""
    tokens = [child for block in MARKDOWN.parse(text) for child in (block, *(block.children or ()))]
    found = [token.type for token in tokens if token.type in {"link_open", "image"}]
    html = [token.content for token in tokens if token.type in {"html_block", "html_inline"}]
    found += [left for left in (OURS.sub("", each) for each in html) if "<" in left]
    prose = [token.content for token in tokens if token.type == "text"]
    return found + re.findall(r"(?<!\w)(?:@[a-z]|#\d)", "\0".join(prose))


@given(title=HOSTILE, explanation=HOSTILE, suggestion=HOSTILE, why=HOSTILE, path=HOSTILE)
@settings(max_examples=200, deadline=None)
def test_foreign_text_never_acts(
    *, title: str, explanation: str, suggestion: str, why: str, path: str
) -> None:
    finding = replace(
        FINDING, title=title, explanation=explanation, suggestion=suggestion, path=path
    )
    gap = Covered(Segment(path, "", 0), Coverage.FAILED, why)
    out = replace(gap, coverage=Coverage.EXCLUDED)
    told = report(
        judged(finding),
        judged(finding, fate=Fate.SUMMARY, anchor=None),
        judged(finding, fate=Fate.WITHHELD, why=why),
        receipt=Receipt((gap, out)),
    )

    publication = compose.compose(told, "r1")

    texts = [publication.body, publication.fallback, publication.summary, compose.told(told)]
    texts += [comment.body for comment in publication.comments]
    assert [active(text) for text in texts] == [[] for _ in texts]


def test_a_body_that_is_too_long_is_cut_where_nothing_is_set_free() -> None:
    words = "`" + "x @octocat " * 340 + "`"
    long = [
        judged(replace(FINDING, explanation=f"{n} {words}"), fate=Fate.SUMMARY, fingerprint=str(n))
        for n in range(30)
    ]

    text = compose.summary(report(*long))

    assert len(text) < 65_536
    assert text.endswith("(cut: GitHub allows no longer text)")
    assert active(text) == []
