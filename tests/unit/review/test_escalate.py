"""The strong tier reads what is dangerous, doubtful or drawn, within a share of the change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.finding import Severity, Tier
from reviewbot.domain.policy import Escalation, Policy
from reviewbot.domain.posted import PostedFinding, digest_of
from reviewbot.review.answer import Reading
from reviewbot.review.escalate import LEAST_LINES, Surveyed, choose
from reviewbot.review.plan import plan_survey
from reviewbot.review.prompt import brief, tasks
from tests.unit.review.examples import FINDING, PULL, diff, entry

if TYPE_CHECKING:
    from reviewbot.domain.finding import Finding
    from reviewbot.review.prompt import Task

QUIET = Reading(())
GRAVE = replace(FINDING, severity=Severity.CRITICAL, confidence=0.95)
UNSURE = replace(FINDING, severity=Severity.MEDIUM, confidence=0.4)
SURE = replace(FINDING, severity=Severity.MEDIUM, confidence=0.9)


def asked(*entries: str, policy: Policy | None = None) -> list[Task]:
    chunks = plan_survey(diff(*entries), policy or Policy()).chunks
    return tasks(chunks, brief(Tier.CHEAP, PULL.key, Policy(), ()))


def reasons(
    reading: Reading | None,
    *entries: str,
    policy: Policy | None = None,
    drawn: frozenset[str] = frozenset(),
) -> list[str]:
    survey = [Surveyed(task, reading) for task in asked(*(entries or (entry("a.py", "x"),)))]
    choice = choose(survey, policy or Policy(), lambda key: key in drawn)
    return [look.reason for look in choice.taken]


@pytest.mark.parametrize(
    ("findings", "why"),
    [
        ((), []),
        ((SURE,), []),
        ((UNSURE,), ["confidence 0.40"]),
        ((GRAVE,), ["severity critical"]),
        ((UNSURE, FINDING, GRAVE), ["severity critical"]),
        ((replace(UNSURE, severity=Severity.INFO),), []),
    ],
)
def test_what_the_cheap_tier_says_may_ask_for_more(
    findings: tuple[Finding, ...], why: list[str]
) -> None:
    assert reasons(Reading(findings)) == why


def test_unusable_answers_are_read_again() -> None:
    assert reasons(None) == ["unusable answers of the cheap tier"]


@pytest.mark.parametrize("reading", [QUIET, None, Reading((SURE,)), Reading((GRAVE,))])
def test_a_local_trigger_counts_whatever_the_cheap_tier_says(reading: Reading | None) -> None:
    assert reasons(reading, entry("a.py", "eval(x)")) == ["dangerous call eval("]
    assert reasons(reading, entry("src/auth/a.py", "x")) == ["sensitive path"]
    assert reasons(reading, entry("a.py", "k = '[redacted: npm token]'")) == ["secret"]


def test_a_quiet_chunk_may_be_drawn_for_an_audit() -> None:
    (task,) = asked(entry("a.py", "x"))

    assert reasons(QUIET, drawn=frozenset({task.key})) == ["random audit"]


def test_the_policy_says_what_is_grave_and_what_is_unsure() -> None:
    policy = Policy(escalation=Escalation(confidence_below=0.95, severities=(Severity.MEDIUM,)))

    assert reasons(Reading((SURE,)), policy=policy) == ["severity medium"]
    assert reasons(Reading((replace(FINDING, confidence=0.9),)), policy=policy) == [
        "confidence 0.90"
    ]


def test_loud_findings_do_not_crowd_out_a_local_trigger() -> None:
    big = ["value = 1"] * (LEAST_LINES - 1)
    loud, dangerous = asked(entry("a.py", *big), entry("z.py", "eval(x)", "y"))[::-1]
    assert dangerous.chunk.triggers or loud.chunk.triggers
    survey = [
        Surveyed(task, QUIET if task.chunk.triggers else Reading((GRAVE,)))
        for task in (loud, dangerous)
    ]

    choice = choose(survey, Policy(), lambda _: False)

    assert [look.surveyed.task.chunk.path for look in choice.taken] == ["z.py"]
    assert [look.surveyed.task.chunk.path for look in choice.left] == ["a.py"]


def test_the_share_bounds_what_is_read_again_but_small_chunks_still_fit() -> None:
    lines = [f"value = {n}" for n in range(200)]
    survey = [
        Surveyed(task, Reading((GRAVE,)))
        for task in asked(entry("a.py", *lines), entry("b.py", *lines), entry("c.py", "x"))
    ]

    choice = choose(survey, Policy(), lambda _: False)

    assert {look.surveyed.task.chunk.path for look in choice.taken} == {"a.py", "c.py"}
    assert [look.surveyed.task.chunk.path for look in choice.left] == ["b.py"]
    generous = Policy(escalation=Escalation(max_share=1))
    assert not choose(survey, generous, lambda _: False).left


def test_a_line_that_stands_in_two_chunks_is_not_missed_while_one_names_its_finding() -> None:
    parts = [f"value = {n}" for n in range(2_500)]
    survey = [
        Surveyed(task, Reading((GRAVE,) if number == 0 else ()))
        for number, task in enumerate(asked(entry(GRAVE.path, GRAVE.quote, *parts, GRAVE.quote)))
    ]
    told = PostedFinding(
        fingerprint="f",
        path=GRAVE.path,
        side=GRAVE.side,
        category=GRAVE.category,
        severity=GRAVE.severity,
        digest=digest_of(GRAVE.quote),
        title=GRAVE.title,
    )
    whole = Policy(escalation=Escalation(max_share=1))

    def chosen(survey: list[Surveyed]) -> list[str]:
        return [look.reason for look in choose(survey, whole, lambda _: False, [told]).taken]

    assert len(survey) > 1
    assert chosen(survey) == ["severity critical"]
    assert (
        chosen([replace(each, reading=QUIET) for each in survey])
        == ["an earlier finding is not named any more"] * 2
    )
