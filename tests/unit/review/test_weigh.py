"""Two readers of a chunk make findings of known standing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Finding, Severity, Standing, Tier, Verdict
from reviewbot.domain.policy import Policy
from reviewbot.review.answer import Reading, Ruling
from reviewbot.review.plan import plan_survey
from reviewbot.review.prompt import brief, claim, task
from reviewbot.review.weigh import Second, Weighed, weigh
from tests.unit.review.examples import FINDING, PAY, PULL, diff

LESSER = replace(FINDING, severity=Severity.MEDIUM, confidence=0.5, title="Rounds down")
OTHER = replace(FINDING, title="Something else")
(CHUNK,) = plan_survey(diff(PAY), Policy()).chunks


def second(claimed: list[Finding], *rulings: Ruling, own: tuple[Finding, ...] = ()) -> Second:
    claims = [claim(finding) for finding in claimed]
    again = task(CHUNK, brief(Tier.STRONG, PULL.key, Policy(), ()), claims)
    return Second(again, Reading(own, rulings), "large")


def ruled(
    finding: Finding, verdict: Verdict, reason: str = "", better: Finding | None = None
) -> Weighed:
    ruling = Ruling(claim(finding).id, verdict, reason, better)
    (weighed,) = weigh((finding,), "small", second([finding], ruling))
    return weighed


def test_without_a_second_look_a_finding_is_unchecked() -> None:
    assert weigh((FINDING,), "small", None) == (
        Weighed(FINDING, Tier.CHEAP, "small", Standing.UNCHECKED),
    )


def test_a_claim_without_a_verdict_stays_unchecked() -> None:
    assert weigh((FINDING,), "small", second([FINDING])) == (
        Weighed(FINDING, Tier.CHEAP, "small", Standing.UNCHECKED),
    )


def test_two_readers_who_agree_are_surer_than_one() -> None:
    weighed = ruled(LESSER, Verdict.CONFIRMED, "the walk succeeds")

    assert (weighed.standing, weighed.tier, weighed.model) == (
        Standing.CONFIRMED,
        Tier.STRONG,
        "large",
    )
    assert weighed.finding.confidence == 0.8
    assert ruled(FINDING, Verdict.CONFIRMED).finding.confidence == FINDING.confidence


def test_a_correction_speaks_of_the_same_file_and_keeps_a_quote() -> None:
    better = replace(LESSER, path="wrong.py", quote="", title="Truncates")

    weighed = ruled(LESSER, Verdict.CORRECTED, "off by one", better)

    assert weighed.finding == replace(better, path=LESSER.path, quote=LESSER.quote)
    requoted = replace(better, quote="def pay(price, count):")
    assert ruled(LESSER, Verdict.CORRECTED, "", requoted).finding.quote == requoted.quote


def test_an_uncertain_verdict_is_kept_with_its_reason() -> None:
    weighed = ruled(FINDING, Verdict.UNCERTAIN, "callers decide")

    assert (weighed.standing, weighed.why) == (Standing.UNCERTAIN, "callers decide")


@pytest.mark.parametrize(
    ("finding", "reason", "standing"),
    [
        (LESSER, "it is taste", Standing.REJECTED),
        (FINDING, "it is harmless", Standing.UNCERTAIN),
        (FINDING, "`if count == 0: raise` guards it", Standing.UNCERTAIN),
        (FINDING, "`pay` is", Standing.UNCERTAIN),
        (FINDING, "`def pay(price, count):` takes no zero", Standing.REJECTED),
        (FINDING, 'see "return price / count"', Standing.REJECTED),
        (FINDING, "see “return price / count”", Standing.REJECTED),
    ],
)
def test_a_grave_claim_is_only_disproved_by_shown_code(
    finding: Finding, reason: str, standing: Standing
) -> None:
    assert ruled(finding, Verdict.REJECTED, reason).standing is standing


def test_what_the_strong_tier_finds_itself_is_confirmed() -> None:
    assert weigh((), "", second([], own=(OTHER,))) == (
        Weighed(OTHER, Tier.STRONG, "large", Standing.CONFIRMED),
    )


@given(
    st.lists(st.sampled_from([FINDING, LESSER, OTHER]), max_size=4),
    st.lists(st.sampled_from([FINDING, OTHER]), max_size=2),
    st.lists(st.tuples(st.sampled_from([FINDING, LESSER, OTHER]), st.sampled_from(Verdict))),
)
def test_every_finding_of_both_tiers_is_weighed_once(
    cheap: list[Finding], own: list[Finding], said: list[tuple[Finding, Verdict]]
) -> None:
    rulings = [Ruling(claim(finding).id, verdict, "", None) for finding, verdict in said]

    found = weigh(tuple(cheap), "small", second(cheap, *rulings, own=tuple(own)))

    assert [weighed.finding.title for weighed in found] == [f.title for f in (*cheap, *own)]
