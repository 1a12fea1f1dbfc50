"""What people decided holds in a review: pauses, silences, costs that need approval."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from reviewbot.domain.command import Breadth, Sender
from reviewbot.domain.feedback import Reception
from reviewbot.domain.finding import Severity
from reviewbot.domain.forecast import Forecast, Past
from reviewbot.domain.money import PICO_PER_USD, PicoUsd, format_usd
from reviewbot.domain.outcome import Fate, Reviewed, Skipped
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.ruling import Silence
from reviewbot.review.conduct import prepare
from reviewbot.review.estimate import estimate
from reviewbot.review.foreseen import foresee, told
from reviewbot.review.ports import Check, Conclusion
from reviewbot.review.silence import Silenced, may_silence
from tests.unit.review.examples import (
    FINDING,
    PULL,
    REQUEST,
    World,
    answer,
    claim_ids,
    claimed,
    judged,
    world,
)

_MARIA, _AUTHOR = Sender(9, "maria"), Sender(PULL.author.id, PULL.author.login)
_DEAR = "budget: {approve_above: 0.000000000001}"


def _posted(severity: Severity, reception: Reception | None) -> PostedFinding:
    """The finding of the examples, as it was posted."""
    return PostedFinding(
        "f",
        FINDING.path,
        FINDING.side,
        FINDING.category,
        severity,
        "digest",
        FINDING.title,
        "17",
        reception=reception,
    )


def _last(here: World) -> Check:
    check = here.forge.checks[-1]
    assert check is not None
    return check


def _finds_it(**changes: object) -> World:
    """A world in which both tiers see the planted defect."""

    def say(question: object) -> str:
        verdicts = [
            {"id": each, "verdict": "confirmed", "reason": "r", "finding": None}
            for each in claim_ids(question)  # type: ignore[arg-type] # a Question
        ]
        return answer(claimed(), verdicts=verdicts)

    return world(say=say, **changes)  # type: ignore[arg-type] # fields of a world


# --- pauses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "conclusion"),
    [("", Conclusion.NEUTRAL), ("fail_on: high", Conclusion.ACTION_REQUIRED)],
)
def test_a_paused_pull_request_is_not_read(policy: str, conclusion: Conclusion) -> None:
    here = world(policy=policy)
    here.rulings.paused = "maria"

    assert here.review() == Skipped(REQUEST, "maria paused its reviews")
    assert _last(here).conclusion is conclusion
    assert not here.model.asked


def test_a_person_may_ask_for_a_single_review_in_a_pause() -> None:
    here = world()
    here.rulings.paused = "maria"

    assert isinstance(here.review(replace(REQUEST, full=True)), Reviewed)


# --- costs -----------------------------------------------------------------------------------


def test_a_review_over_the_threshold_asks_nothing_and_says_which_command_approves() -> None:
    here = world(policy=_DEAR)

    assert here.review() == Skipped(REQUEST, "its cost waits for approval")
    assert _last(here).conclusion is Conclusion.ACTION_REQUIRED
    assert f"`/reviewbot approve-cost {PULL.head_sha[:10]}`" in _last(here).summary
    assert here.rulings.held[0][0] == PULL.head_sha
    assert not here.model.asked


def test_what_needs_approval_is_judged_by_how_past_reviews_came_out() -> None:
    here = world()
    plan = _expected(here)
    here = world(policy=f"budget: {{approve_above: {Decimal(plan.p90) / PICO_PER_USD:f}}}")
    assert isinstance(here.review(), Reviewed)

    here = world(policy=f"budget: {{approve_above: {Decimal(plan.p90) / PICO_PER_USD:f}}}")
    here.journal.earlier = [Past(PicoUsd(10), PicoUsd(30))] * 10  # three times what was planned
    assert here.review() == Skipped(REQUEST, "its cost waits for approval")
    assert _last(here).summary.startswith("Forecast: p50 ")
    assert here.rulings.held == [(PULL.head_sha, _expected(here).p90)]
    assert not here.model.asked


def test_the_check_runs_first_line_is_the_forecast_under_way_and_at_the_end() -> None:
    here = world()
    here.journal.earlier = [Past(PicoUsd(10), PicoUsd(20))] * 4
    said = told(_expected(here))
    report = here.reviewed()

    assert "p50 $" in said
    assert "4 earlier reviews here" in said
    assert here.forge.begun == [said]
    cost = format_usd(report.bill.spent)
    assert _last(here).summary.splitlines()[0] == f"{said}; it cost {cost}."
    [(_, _, stored)] = here.journal.closed
    assert json.loads(stored)["forecast"]["learned_from_reviews"] == 4


def _expected(here: World) -> Forecast:
    ready = prepare(REQUEST, here.ports, here.house)
    return foresee(estimate(ready, here.ports), ready.pull, here.ports)


def test_asking_for_it_in_full_approves_no_cost() -> None:
    here = world(policy=_DEAR)

    assert isinstance(here.review(replace(REQUEST, full=True)), Skipped)


def test_an_approved_head_is_reviewed_and_once_its_answers_are_known_nothing_is_held() -> None:
    here = world(policy=_DEAR)
    here.rulings.approved.add(PULL.head_sha)

    assert isinstance(here.review(), Reviewed)
    here.rulings.held.clear()
    assert isinstance(here.review(), Reviewed)
    assert here.rulings.held == []


# --- silences --------------------------------------------------------------------------------


def test_a_silenced_finding_is_listed_and_closes_no_gate() -> None:
    here = _finds_it(policy="fail_on: high")
    first = here.reviewed()
    assert _last(here).conclusion is Conclusion.FAILURE

    name = first.findings[0].fingerprint
    here.rulings.silenced = [Silence(Breadth.FINDING, name, _MARIA, Severity.HIGH)]
    second = here.reviewed()

    silenced, twin = second.findings
    assert (silenced.fate, silenced.why) == (Fate.SILENCED, "silenced by maria")
    assert twin.why.startswith("same cause")
    assert _last(here).conclusion is Conclusion.SUCCESS
    assert "<summary>Silenced</summary>" in _last(here).summary
    assert FINDING.title in _last(here).summary


def test_what_cannot_be_read_again_stays_silenced() -> None:
    here = _finds_it()
    first = here.reviewed()
    name = first.findings[0].fingerprint
    here.rulings.silenced = [Silence(Breadth.FINDING, name, _MARIA, Severity.HIGH)]
    here.ledger.limit = 0
    here.forge.pull = replace(PULL, head_sha="c" * 40)
    here.ledger.entries.clear()

    assert [each.fate for each in here.reviewed().findings] == [Fate.SILENCED]


@pytest.mark.parametrize(
    ("silence", "fate"),
    [
        (Silence(Breadth.FINDING, "f", _MARIA, Severity.HIGH), Fate.SILENCED),
        (Silence(Breadth.FINDING, "g", _MARIA, Severity.HIGH), Fate.COMMENT),
        (Silence(Breadth.FINDING, "f", _MARIA, Severity.MEDIUM), Fate.COMMENT),
        (Silence(Breadth.FINDING, "f", _AUTHOR, Severity.HIGH), Fate.COMMENT),
        (Silence(Breadth.RULE, "no-raw-sql", _MARIA, Severity.CRITICAL), Fate.SILENCED),
        (Silence(Breadth.RULE, "f", _MARIA, Severity.CRITICAL), Fate.COMMENT),
    ],
)
def test_a_silence_is_about_what_was_named_and_nothing_graver(silence: Silence, fate: Fate) -> None:
    found = judged(replace(FINDING, rule="no-raw-sql"))

    assert Silenced(PULL.author.id, (silence,)).judge(found).fate is fate


def test_what_is_withheld_stays_withheld() -> None:
    silence = Silence(Breadth.FINDING, "f", _MARIA, Severity.HIGH)
    withheld = judged(fate=Fate.WITHHELD, why="rejected")

    assert Silenced(PULL.author.id, (silence,)).judge(withheld) == withheld


@pytest.mark.parametrize("severity", Severity)
def test_authors_silence_only_what_is_below_high(severity: Severity) -> None:
    assert may_silence(9, 3, severity)
    assert may_silence(3, 3, severity) is not severity.reaches(Severity.HIGH)


# --- resolved threads ------------------------------------------------------------------------


def _resolved(
    here: World, by: Sender | None, *, writes: bool, severity: Severity | None = None
) -> None:
    """Have the thread of what was posted resolved."""
    for name, each in here.forge.comments.items():
        told = Reception(resolved_by=by, resolver_writes=writes)
        grade = severity or each.severity
        here.forge.comments[name] = replace(each, reception=told, severity=grade)


def test_what_another_writer_resolved_is_listed_and_closes_no_gate() -> None:
    here = _finds_it(policy="fail_on: high")
    here.reviewed()
    _resolved(here, _MARIA, writes=True)
    here.forge.pull = replace(PULL, head_sha="c" * 40)

    again = here.reviewed()
    assert (again.findings[0].fate, again.findings[0].why) == (Fate.SILENCED, "resolved by maria")
    assert len(here.forge.comments) == 1
    assert _last(here).conclusion is Conclusion.SUCCESS
    assert "resolved by maria" in _last(here).summary
    assert [each.reception for each in here.journal.learnt] == [
        Reception(resolved_by=_MARIA, resolver_writes=True)
    ]


@pytest.mark.parametrize(
    ("by", "writes"), [(_AUTHOR, True), (_AUTHOR, False), (Sender(666, "mallory"), False)]
)
def test_a_grave_finding_that_its_author_or_no_writer_resolved_still_fails_the_gate(
    by: Sender, *, writes: bool
) -> None:
    here = _finds_it(policy="fail_on: high")
    here.reviewed()
    _resolved(here, by, writes=writes)
    here.forge.pull = replace(PULL, head_sha="c" * 40)

    again = here.reviewed()
    assert again.findings[0].fate is Fate.STANDING
    assert again.findings[0].why == f"resolved by {by.login}, which does not silence it"
    assert len(here.forge.comments) == 1, "it is not raised again either"
    assert _last(here).conclusion is Conclusion.FAILURE
    assert f"resolved by {by.login}" in _last(here).summary


@pytest.mark.parametrize("by", [_AUTHOR, _MARIA])
@pytest.mark.parametrize("severity", [s for s in Severity if not s.reaches(Severity.HIGH)])
def test_below_high_whoever_may_write_silences_by_resolving(by: Sender, severity: Severity) -> None:
    found = judged(replace(FINDING, severity=severity), fate=Fate.STANDING)
    thread = _posted(severity, Reception(resolved_by=by))
    assert Silenced(PULL.author.id, (), (thread,)).judge(found).is_open, "a fork's author may not"
    thread = _posted(severity, Reception(resolved_by=by, resolver_writes=True))
    silenced = Silenced(PULL.author.id, (), (thread,)).judge(found)
    assert (silenced.fate, silenced.why) == (Fate.SILENCED, f"resolved by {by.login}")


@pytest.mark.parametrize(
    ("thread", "why"),
    [
        (_posted(Severity.MEDIUM, Reception(resolved_by=_MARIA, resolver_writes=True)), "graver"),
        (_posted(Severity.HIGH, Reception()), "nobody resolved it"),
        (_posted(Severity.HIGH, None), "GitHub does not say"),
        (
            replace(
                _posted(Severity.HIGH, Reception(resolved_by=_MARIA, resolver_writes=True)),
                is_fixed=True,
            ),
            "the thread is about code that is gone",
        ),
        (
            replace(
                _posted(Severity.HIGH, Reception(resolved_by=_MARIA, resolver_writes=True)),
                fingerprint="g",
            ),
            "another finding",
        ),
    ],
)
def test_a_thread_silences_nothing_else(thread: PostedFinding, why: str) -> None:
    found = judged(FINDING, fate=Fate.STANDING, why="posted earlier")
    assert Silenced(PULL.author.id, (), (thread,)).judge(found) == found, why


def test_what_was_fixed_counts_as_fixed_before_its_thread_says_so() -> None:
    here = _finds_it()
    here.reviewed()
    _resolved(here, None, writes=False)
    here.forge.pull = replace(PULL, head_sha="c" * 40)
    here.forge.changes = parse_diff(
        b"--- /dev/null\n+++ b/another.py\n@@ -0,0 +1,1 @@\n+nothing = 0\n"
    )

    here.reviewed()
    assert [each.is_fixed for each in here.journal.learnt] == [True]


def test_the_threshold_is_the_lower_of_repository_and_server() -> None:
    server = Policy.model_validate({"budget": {"approve_above": "0.000000000001"}})
    here = world(policy="budget: {approve_above: 0.9}", server=server)

    assert isinstance(here.review(), Skipped)
    assert here.rulings.held[0][1] > PicoUsd(1)
