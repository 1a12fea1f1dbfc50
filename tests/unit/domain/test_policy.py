"""A policy says whose pull requests are reviewed, and a narrower one only narrows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reviewbot.domain.finding import Severity
from reviewbot.domain.money import parse_usd
from reviewbot.domain.policy import (
    AutoReview,
    Budget,
    Data,
    Escalation,
    PathInstructions,
    Policy,
    Rule,
)
from reviewbot.domain.pull_request import Author, PullKey, PullRequest, ReviewRequest

PULL = PullRequest(
    PullKey(7, 42), "acme/shop", "Add WIP thing", Author(3, "Ada"), "h", "b", "main", "main"
)


@pytest.mark.parametrize(
    ("policy", "changes", "why"),
    [
        ({}, {}, None),
        ({"enabled": False}, {}, "reviews are switched off by the policy"),
        ({}, {"is_draft": True}, "it is a draft"),
        ({"auto_review": AutoReview(drafts=True)}, {"is_draft": True}, None),
        ({}, {"author": Author(1, "x", is_bot=True)}, "its author is a bot"),
        ({"auto_review": AutoReview(bots=True)}, {"author": Author(1, "x", is_bot=True)}, None),
        ({}, {"author": Author(1, "x", outside=True)}, "its author is an outside contributor"),
        (
            {"auto_review": AutoReview(outside_contributors=True)},
            {"author": Author(1, "x", outside=True)},
            None,
        ),
        (
            {"auto_review": AutoReview(ignore_authors=("ada",))},
            {},
            "its author is on the policy's list",
        ),
        (
            {"auto_review": AutoReview(ignore_title_keywords=("wip",))},
            {},
            "its title holds a keyword of the policy",
        ),
        (
            {"auto_review": AutoReview(labels=("review",))},
            {"labels": ("bug",)},
            "it has none of the policy's labels",
        ),
        ({"auto_review": AutoReview(labels=("review",))}, {"labels": ("bug", "review")}, None),
    ],
)
def test_why_a_pull_request_is_not_reviewed(
    policy: dict[str, Any], changes: dict[str, Any], why: str | None
) -> None:
    assert Policy(**policy).reason_to_skip(replace(PULL, **changes)) == why


@pytest.mark.parametrize("amount", [True, None, [1], {"usd": 1}])
def test_an_amount_must_look_like_one(amount: object) -> None:
    with pytest.raises(ValidationError, match=r"write an amount in USD such as 0\.75"):
        Budget.model_validate({"per_pr": amount})


def test_what_people_call_them() -> None:
    assert str(PULL) == str(ReviewRequest("acme/shop", 42, "opened")) == "acme/shop#42"
    assert str(PULL.key) == "7/42"


# --- laws ------------------------------------------------------------------------------------

AMOUNTS = st.integers(0, 9).map(parse_usd)
BUDGETS = st.builds(
    lambda *amounts, stop: Budget.model_construct(
        per_pr=amounts[0],
        per_day=amounts[1],
        per_month=amounts[2],
        approve_above=amounts[3],
        on_exhausted="stop" if stop else "degrade",
    ),
    *[AMOUNTS] * 4,
    stop=st.booleans(),
)
PLACES = st.none() | st.lists(st.sampled_from(["EU", "US", "CN"]), unique=True).map(tuple)
POLICIES = st.builds(
    Policy.model_construct,
    enabled=st.booleans(),
    min_severity=st.sampled_from(Severity),
    fail_on=st.none() | st.sampled_from(Severity),
    incomplete=st.sampled_from(["neutral", "block"]),
    max_comments=st.integers(0, 50),
    budget=BUDGETS,
    data=st.builds(Data, allowed_jurisdictions=PLACES, allowed_endpoints=PLACES),
    redaction=st.lists(st.sampled_from(["a", "b", "c"])).map(tuple),
    rules=st.lists(st.just(Rule(id="r", description="d")), max_size=40).map(tuple),
    path_instructions=st.lists(
        st.just(PathInstructions(path="*", instructions="i")), max_size=40
    ).map(tuple),
    escalation=st.floats(0, 1).map(lambda share: Escalation(max_share=share)),
)
LIMITS = ("per_pr", "per_day", "per_month", "approve_above")


def narrower(one: Policy, other: Policy) -> bool:
    """Whether *one* spends no more, and in no more places, than *other*."""
    cheaper = all(getattr(one.budget, n) <= getattr(other.budget, n) for n in LIMITS)
    stops = other.budget.on_exhausted == "degrade" or one.budget.on_exhausted == "stop"
    pairs = (
        (one.data.allowed_jurisdictions, other.data.allowed_jurisdictions),
        (one.data.allowed_endpoints, other.data.allowed_endpoints),
    )
    inside = all(b is None or (a is not None and set(a) <= set(b)) for a, b in pairs)
    return cheaper and stops and inside


def least(gate: Severity | None) -> int:
    return -1 if gate is None else gate.rank


@given(POLICIES, POLICIES)
def test_a_base_branch_never_loosens_the_default_branchs_policy(
    default: Policy, base: Policy
) -> None:
    found = default.tightened_by(base)

    assert narrower(found, default)
    assert narrower(found, base)
    assert found.enabled == default.enabled
    assert found.max_comments == default.max_comments
    assert found.min_severity.rank >= default.min_severity.rank
    assert least(found.fail_on) >= max(least(default.fail_on), least(base.fail_on))
    assert (found.incomplete == "block") == ("block" in (default.incomplete, base.incomplete))
    assert found.rules == default.rules
    assert found.path_instructions == default.path_instructions
    assert set(default.redaction) <= set(found.redaction)


@given(POLICIES, POLICIES)
def test_wishes_stay_within_what_the_server_allows(wishes: Policy, server: Policy) -> None:
    found = wishes.bounded_by(server)

    assert narrower(found, server)
    assert found.escalation.max_share <= server.escalation.max_share
    assert set(found.redaction) == set(server.redaction) | set(wishes.redaction)
    assert found.bounded_by(server) == found
