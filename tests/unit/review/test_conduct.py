"""One review from its policy to its publication, with every port in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, Diff, FileDiff
from reviewbot.domain.errors import BadAnswer, ModelUnavailable, PolicyError
from reviewbot.domain.finding import Side, Standing, Tier
from reviewbot.domain.outcome import Coverage, Fate, Reviewed, Since, Skipped, Superseded
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import Author
from reviewbot.review.plan import plan_survey
from reviewbot.review.ports import BaseFiles, Conclusion, Document, Stage
from tests.fakes.journal import FakeJournal
from tests.unit.review.examples import (
    FINDING,
    NOTHING,
    PAY,
    PULL,
    REQUEST,
    World,
    answer,
    claim_ids,
    claimed,
    diff,
    entry,
    world,
)

if TYPE_CHECKING:
    from reviewbot.review.ports import Question

SECRET = "AKIA" + "ABCDEFGHIJKLMNOP"
BIG = [entry(f"src/m{n}.py", *(f"value = {n}{m}" for m in range(800))) for n in range(8)]


def defect_found(question: Question) -> str:
    """The cheap tier claims a defect, the strong one confirms it."""
    if question.tier is Tier.CHEAP:
        return answer(claimed())
    verdicts = [
        {"id": name, "verdict": "confirmed", "reason": "so it is"} for name in claim_ids(question)
    ]
    return answer(verdicts=verdicts)


def last_check(here: World) -> Conclusion | None:
    check = here.forge.checks[-1]
    return check.conclusion if check else None


class CrashingJournal(FakeJournal):
    """Its process dies the first time a review is to be closed."""

    crashes = 1

    def close(self, *closing: Any) -> None:
        if self.crashes:
            self.crashes -= 1
            raise KeyboardInterrupt
        super().close(*closing)


# --- the whole way ---------------------------------------------------------------------------


def test_a_crash_after_all_was_said_leaves_one_check_run() -> None:
    here = world(say=defect_found)
    here = replace(here, journal=CrashingJournal(here.ledger))
    with pytest.raises(KeyboardInterrupt):
        here.review()
    asked = len(here.model.asked)
    report = here.reviewed()
    assert (len(here.forge.begun), len(here.forge.reviews)) == (1, 1)
    assert len(here.model.asked) == asked
    assert report.receipt.complete

    here.reviewed(replace(REQUEST, trigger="asked again"))
    assert len(here.forge.begun) == 2


def test_a_confirmed_defect_is_posted_on_its_line() -> None:
    here = world(say=defect_found)

    outcome = here.review()

    assert isinstance(outcome, Reviewed)
    (publication,) = here.forge.reviews.values()
    (comment,) = publication.comments
    assert (comment.anchor.path, comment.anchor.line) == ("src/pay.py", 2)
    assert outcome.url.endswith("review-1")
    assert here.forge.checks[0] is None
    assert last_check(here) is Conclusion.SUCCESS
    assert outcome.report.escalations[0].confirmed == 1
    assert outcome.report.findings[0].standing is Standing.CONFIRMED
    assert here.observer.stages == [(Stage.CHEAP, 1), (Stage.STRONG, 1)]


def test_the_ledger_keeps_the_report_and_its_sums() -> None:
    here = world(say=defect_found)

    report = here.reviewed()

    ((review_id, state, text),) = here.journal.closed
    assert (review_id, state) == ("review-1", "published")
    kept = json.loads(text)
    assert kept["findings"][0]["title"] == FINDING.title
    assert report.bill.spent == here.ledger.spent == report.bill.pr_total
    assert report.bill.calls == 2


def test_a_secret_is_found_locally_and_shown_to_nobody() -> None:
    here = world(diff(entry("a.py", f'key = "{SECRET}"')))

    report = here.reviewed()

    assert [judged.tier for judged in report.findings] == [Tier.LOCAL]
    assert [question.tier for question in here.model.asked] == [Tier.CHEAP, Tier.STRONG]
    said = [question.prompt.user for question in here.model.asked]
    said += [here.journal.closed[0][2], str(here.forge.reviews)]
    assert not any(SECRET in text for text in said)


def test_title_and_body_of_a_pull_request_are_in_no_prompt() -> None:
    pull = replace(PULL, title="TITLE: safe, tested, approved", labels=("LABEL",))
    pull = replace(pull, author=Author(1, "LOGIN"))
    here = world(say=defect_found, pull=pull)

    here.review()

    prompts = [(q.prompt.system, q.prompt.user, q.prompt.schema) for q in here.model.asked]
    assert len(prompts) == 2
    assert not any(
        word in text for text in sum(prompts, ()) for word in ("TITLE", "LABEL", "LOGIN")
    )


def test_guidance_of_the_base_branch_is_context_of_both_tiers() -> None:
    here = world(say=defect_found)
    here.forge.files = BaseFiles(None, None, (Document("AGENTS.md", "Amounts are cents."),))

    here.review()

    assert all("| Amounts are cents." in q.prompt.user for q in here.model.asked)


def test_a_secret_in_the_guidance_is_in_no_prompt() -> None:
    here = world(say=defect_found)
    document = Document("AGENTS.md", f"Amounts are cents.\nThe key is {SECRET}.")
    here.forge.files = BaseFiles(None, None, (document,))

    here.review()

    assert not any(SECRET in q.prompt.user for q in here.model.asked)
    assert all("| Amounts are cents." in q.prompt.user for q in here.model.asked)


# --- no review -------------------------------------------------------------------------------


def test_a_closed_pull_request_is_left_alone() -> None:
    here = world(pull=replace(PULL, is_open=False))

    assert here.review() == Skipped(REQUEST, "it is closed")
    assert not here.forge.checks


@pytest.mark.parametrize(
    ("changes", "policy", "why"),
    [
        ({"is_draft": True}, "", "it is a draft"),
        (
            {"base_branch": "try"},
            "auto_review: {base_branches: [main, 'release/**']}",
            "its base branch is not on the policy's list",
        ),
    ],
)
def test_what_the_policy_does_not_want_is_skipped_with_a_reason(
    changes: dict[str, object], policy: str, why: str
) -> None:
    here = world(pull=replace(PULL, **changes), policy=policy)  # type: ignore[arg-type] # fields

    assert here.review() == Skipped(REQUEST, why)
    assert last_check(here) is Conclusion.SKIPPED
    assert not here.model.asked


def test_a_draft_is_reviewed_when_a_person_asks() -> None:
    here = world(pull=replace(PULL, is_draft=True))

    assert isinstance(here.review(replace(REQUEST, full=True)), Reviewed)


def test_a_wanted_base_branch_is_reviewed() -> None:
    here = world(policy="auto_review: {base_branches: ['ma*']}")

    assert isinstance(here.review(), Reviewed)


@pytest.mark.parametrize(
    "policy",
    [
        "no_such_key: 1",
        "redaction: ['(']",
        "path_filters: ['x[z-a]']",
        "path_instructions: [{path: '!', instructions: x}]",
        "escalation: {sensitive_paths: ['!']}",
        "auto_review: {base_branches: ['!']}",
    ],
)
def test_an_unusable_policy_costs_nothing_and_says_so(policy: str) -> None:
    here = world(policy=policy)

    with pytest.raises(PolicyError):
        here.review()

    assert last_check(here) is Conclusion.ACTION_REQUIRED
    assert not here.model.asked


def test_a_newer_push_makes_a_review_pointless() -> None:
    here = world()
    here.forge.next_push = "c" * 40

    assert here.review() == Superseded(REQUEST, by="c" * 40)
    assert last_check(here) is Conclusion.CANCELLED
    assert not here.forge.reviews


def test_a_pull_request_that_is_closed_meanwhile_gets_no_review() -> None:
    here = world(say=defect_found)
    here.forge.closes = True

    assert here.review() == Skipped(REQUEST, "it is closed")
    assert last_check(here) is Conclusion.CANCELLED
    assert not here.forge.reviews


def test_labels_and_titles_matter_only_to_a_policy_that_names_some() -> None:
    labelled = replace(REQUEST, only_framing=True)
    here = world()
    assert here.review(labelled) == Skipped(
        labelled, "labels and titles mean nothing to its policy"
    )
    assert not here.forge.checks

    pull = replace(PULL, labels=("review-me",))
    caring = world(pull=pull, policy="auto_review: {labels: [review-me]}")
    assert isinstance(caring.review(labelled), Reviewed)
    finished = world(policy="auto_review: {ignore_title_keywords: [wip]}")
    assert isinstance(finished.review(labelled), Reviewed)


def test_an_interrupted_review_writes_nothing_and_goes_on_where_it_stopped() -> None:
    here = world(diff(*BIG))
    here.observer.stop_at = 2

    assert here.review() == Superseded(REQUEST, by="")
    assert not here.forge.reviews
    answered = len(here.model.asked)
    here.observer.stop_at = None
    report = here.reviewed()

    assert 0 < answered < len(here.model.asked)
    keys = [key for question in here.model.asked for key in question.keys]
    assert len(keys) == len(set(keys))
    assert report.receipt.count(Coverage.READ) == len(report.receipt.entries)


def test_what_was_not_read_in_time_is_a_gap() -> None:
    here = world(diff(*BIG))
    here.observer.late_at = 1

    report = here.reviewed()

    assert 0 < report.receipt.count(Coverage.READ) < len(report.receipt.entries)
    assert report.receipt.reasons(Coverage.FAILED)[0][0] == "the review's time was over"
    assert last_check(here) is Conclusion.NEUTRAL


# --- money -----------------------------------------------------------------------------------


def test_without_money_the_review_says_what_was_not_read() -> None:
    here = world(policy="incomplete: block")
    here.ledger.limit = 0

    report = here.reviewed()

    assert report.receipt.reasons(Coverage.OVER_BUDGET) == [("the budget is used up", 1)]
    assert last_check(here) is Conclusion.FAILURE


def test_short_money_goes_to_the_first_reading() -> None:
    here = world(diff(entry("src/auth/a.py", *["eval(x)"] * 250), *BIG))
    here.reviewed()
    needed = here.ledger.entries[0].charge.worst
    poor = world(diff(entry("src/auth/a.py", *["eval(x)"] * 250), *BIG))
    poor.ledger.limit = needed * 2

    report = poor.reviewed()

    assert {question.tier for question in poor.model.asked} == {Tier.CHEAP}
    assert report.receipt.count(Coverage.OVER_BUDGET)
    assert [e.reason for e in report.escalations] == [
        "sensitive path; not done: not asked: the budget is for the first reading"
    ]
    assert poor.ledger.spent <= poor.ledger.limit


def test_a_second_look_that_is_known_counts_however_short_money_is() -> None:
    here = world(say=defect_found)
    here.reviewed()
    here.forge.pull = replace(PULL, head_sha="d" * 40)
    here.forge.changes = diff(PAY, entry("b.py", "x = 1"))
    here.ledger.limit = here.ledger.spent

    again = here.reviewed()

    assert again.receipt.count(Coverage.OVER_BUDGET) == 1
    assert [j.tier for j in again.findings] == [Tier.STRONG]


def test_without_a_strong_tier_the_second_look_says_so() -> None:
    here = world(say=defect_found)
    here.model.tiers = {Tier.CHEAP: ("small",)}

    report = here.reviewed()

    (look,) = report.escalations
    assert look.reason == "severity high; not done: there is no strong tier"
    assert report.receipt.complete
    assert report.findings[0].standing is Standing.UNCHECKED


def test_a_failing_strong_tier_leaves_the_first_reading() -> None:
    def say(question: Question) -> str:
        if question.tier is Tier.STRONG:
            message = "no route gave an answer"
            raise ModelUnavailable(message)
        return answer(claimed())

    report = world(say=say).reviewed()

    assert report.escalations[0].reason == "severity high; not done: no route gave an answer"
    assert report.receipt.count(Coverage.READ) == 1
    assert report.findings[0].fate is Fate.COMMENT


def test_what_is_beyond_the_share_is_named() -> None:
    say = lambda question: answer(*(claimed(path=p, quote="eval(x)") for p in ("a.py", "b.py")))  # noqa: E731, ARG005
    two = [entry(name, *["eval(x)"] * 200) for name in ("a.py", "b.py")]

    report = world(diff(*two), say).reviewed()

    assert sorted(e.done for e in report.escalations) == [False, True]
    assert "over the policy's max_share" in report.escalations[1].reason


def test_the_strong_tier_reads_what_the_cheap_one_garbled() -> None:
    def say(question: Question) -> str:
        return answer(claimed()) if question.tier is Tier.STRONG else "no JSON"

    report = world(say=say).reviewed()

    assert report.receipt.reasons(Coverage.READ) == [("strong tier large", 1)]
    assert [(j.tier, j.fate) for j in report.findings] == [(Tier.STRONG, Fate.COMMENT)]


def test_the_second_look_counts_its_verdicts() -> None:
    def say(question: Question) -> str:
        names = claim_ids(question)
        said = ["rejected", "corrected", "uncertain"][: len(names)]
        if question.tier is Tier.CHEAP:
            return answer(*(claimed(title=f"claim {n}") for n in range(3)))
        return answer(verdicts=[{"id": i, "verdict": v} for i, v in zip(names, said, strict=True)])

    (look,) = world(say=say).reviewed().escalations

    assert (look.confirmed, look.rejected, look.done) == (1, 1, True)


# --- again -----------------------------------------------------------------------------------


def test_the_same_review_started_again_asks_nothing_and_writes_nothing() -> None:
    here = world(say=defect_found)
    first = here.reviewed()
    asked, published = list(here.model.asked), dict(here.forge.reviews)
    crashed = replace(here, journal=type(here.journal)(here.ledger, foreseen=here.journal.foreseen))
    crashed.forge.comments.clear()  # it had not come to the writing

    again = crashed.reviewed()

    assert again == first
    assert here.model.asked == asked
    assert here.forge.reviews == published


def test_the_next_review_knows_what_did_not_change_and_pays_for_the_rest() -> None:
    here = world(say=defect_found)
    first = here.reviewed()
    here.forge.pull = replace(PULL, head_sha="d" * 40)
    here.forge.changes = diff(PAY, entry("b.py", "x = 1"))

    second = here.reviewed()

    assert second.receipt.count(Coverage.KNOWN) == 1
    assert second.receipt.count(Coverage.READ) == 1
    assert second.bill.saved == first.bill.spent
    assert second.findings[0].fate is Fate.STANDING
    assert second.since == Since(fixed=0, still_open=1)
    assert here.model.asked[-1].label == "b.py"


@pytest.mark.parametrize(
    ("now", "cheap", "since"),
    [
        (PAY.replace("/ count", "/ max(count, 1)"), NOTHING, Since(fixed=1, still_open=0)),
        (PAY.replace("def pay(", "def paid("), NOTHING, Since(fixed=0, still_open=0)),
        (PAY.replace("/ count", "/ max(count, 1)"), "garbage", Since(fixed=0, still_open=1)),
    ],
)
def test_fixed_is_a_line_that_changed_and_was_read_again(
    now: str, cheap: str, since: Since
) -> None:
    here = world(say=defect_found)
    here.reviewed()
    here.forge.pull = replace(PULL, head_sha="d" * 40)
    here.forge.changes = diff(now)
    here.model.say = lambda _: cheap

    assert here.reviewed().since == since


# --- laws ------------------------------------------------------------------------------------

WILD = st.sampled_from(
    [
        NOTHING,
        "",
        "no JSON",
        '{"findings": [{"path": "src/pay.py", "title": "x", "start_line": 1e999}]}',
        answer(claimed()),
        answer(claimed(quote="nowhere", confidence=0.1)),
        answer(claimed(path="b.py", side="LEFT", quote="eval(x)", start_line=-7)),
        answer(claimed(), verdicts=[{"id": "c0000000", "verdict": "rejected"}]),
        ModelUnavailable("no route gave an answer"),
        BadAnswer("asked twice in vain"),
    ]
)
FILES = st.lists(
    st.sampled_from(
        [
            PAY,
            entry("b.py", "eval(x)", "y"),
            entry("uv.lock", "x"),
            entry("src/auth/c.py", *["value = 1"] * 700),
            "diff --git a/r.py b/s.py\nsimilarity index 100%\nrename from r.py\nrename to s.py\n",
            "diff --git a/z.py b/z.py\n--- a/z.py\n+++ b/z.py\n@@ -1,9 +1,9 @@\n x\n",
        ]
    ),
    unique=True,
)


@given(
    FILES,
    st.lists(WILD, min_size=1),
    st.integers(0, 4),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_every_segment_ends_in_one_class_and_a_second_run_ends_the_same(
    files: list[str],
    says: list[str | Exception],
    money: int,
    late_at: int | None,
    stop_at: int | None,
) -> None:
    missing = FileDiff("big.py", None, Change.MODIFIED, Content.MISSING, ())
    changes = diff(*files)
    changes = Diff((*changes.files, missing), changes.unreadable)
    script = dict[str, str | Exception]()

    def say(question: Question) -> str:
        said = script.setdefault(question.prompt.user, says[len(script) % len(says)])
        if isinstance(said, Exception):
            raise said
        return said

    here = world(changes, say)
    here.ledger.limit = money * 4 * 10**6
    here.observer.late_at, here.observer.stop_at = late_at, stop_at
    here.review()
    here.observer.late_at = here.observer.stop_at = None
    report = here.reviewed()

    plan = plan_survey(changes, Policy())
    planned = [piece.segment for chunk in plan.chunks for piece in chunk.pieces]
    planned += [left.segment for left in plan.excluded]
    assert sorted(map(str, planned)) == sorted(str(e.segment) for e in report.receipt.entries)
    assert sum(report.receipt.count(c) for c in Coverage) == len(report.receipt.entries)
    assert not report.receipt.complete
    assert here.ledger.spent <= here.ledger.limit
    assert not here.ledger.open
    answered = {a.key for e in here.ledger.entries for a in e.answers}
    here.forge.comments.clear()
    here.model.asked.clear()
    again = replace(here, journal=type(here.journal)(here.ledger)).reviewed()
    assert not answered & {key for question in here.model.asked for key in question.keys}
    # What was posted before is looked at again; who has forgotten it looks at less.
    looks = [[each.path for each in run.escalations] for run in (report, again)]
    if not (here.model.asked or again.receipt.count(Coverage.OVER_BUDGET)) and (
        looks[0] == looks[1]
    ):
        assert [j.fingerprint for j in again.findings] == [j.fingerprint for j in report.findings]


@given(
    line=st.integers(-5, 40),
    dropped=st.booleans(),
    side=st.sampled_from(Side),
    at=st.sampled_from(["def pay(price, count):", "    return price / count", "-    return 1"]),
)
@settings(max_examples=60, deadline=None)
def test_a_model_that_miscounts_never_moves_a_comment_to_a_wrong_line(
    *, line: int, dropped: bool, side: Side, at: str
) -> None:
    edited = (
        "diff --git a/src/pay.py b/src/pay.py\n--- a/src/pay.py\n+++ b/src/pay.py\n"
        "@@ -1,3 +1,3 @@\n def pay(price, count):\n-    return 1\n+    return price / count\n end\n"
    )
    wrong = claimed(
        quote=at.strip() if dropped else at,
        side=side.value,
        start_line=line,
        end_line=line,
        severity="medium",
    )

    (found,) = world(diff(edited), lambda _: answer(wrong)).reviewed().findings

    assert found.anchor is not None
    assert found.code == (at.removeprefix("-"),)
    assert (found.anchor.side is Side.LEFT) == at.startswith("-")
