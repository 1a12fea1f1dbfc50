from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.domain.session_refusal import Why
from reviewbot.github.oidc import JobIdentity
from reviewbot.runtime.enrolment import (
    Admitted,
    Enrolment,
    Refused,
    admit,
    confirm,
    is_allowed,
)

FILE = "acme/shop/.github/workflows/review.yml"
WORKFLOW = f"{FILE}@refs/heads/main"
LISTS = Enrolment(frozenset({1001}), frozenset(), (WORKFLOW,))
PULL = PullRequest(
    key=PullKey(1001, 5),
    repository="acme/shop",
    title="",
    author=Author(7, "alice"),
    head_sha="a" * 40,
    base_sha="b" * 40,
    base_branch="main",
    default_branch="main",
    head_branch="topic",
)


def job(**changed: Any) -> JobIdentity:
    made: JobIdentity = object.__new__(JobIdentity)
    values = {
        "token_id": "one-token",
        "ends": 1_800_000_000,
        "repository_id": 1001,
        "repository": "acme/shop",
        "event": "pull_request",
        "ref": "refs/pull/5/merge",
        "head_ref": "topic",
        "base_ref": "main",
        "workflow": WORKFLOW,
        "run": "77.1",
    }
    for name, value in (values | changed).items():
        object.__setattr__(made, name, value)
    return made


def test_an_enrolled_repositorys_allowed_workflow_is_admitted() -> None:
    assert admit(job(), 5, LISTS) == Admitted(job(), 5)


def test_without_any_list_nobody_is() -> None:
    nobody = Enrolment(frozenset(), frozenset(), ())
    assert admit(job(), 5, nobody) == Refused(Why.REPOSITORY_NOT_ENROLLED)
    nothing = replace(LISTS, workflows=())
    assert admit(job(), 5, nothing) == Refused(Why.WORKFLOW_NOT_ALLOWED)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule", "Pull_Request", ""])
def test_jobs_of_other_events_are_refused(event: str) -> None:
    assert admit(job(event=event), 5, LISTS) == Refused(Why.EVENT_NOT_ALLOWED)


def test_another_repository_is_refused() -> None:
    assert admit(job(repository_id=1002), 5, LISTS) == Refused(Why.REPOSITORY_NOT_ENROLLED)


@pytest.mark.parametrize(
    "ref",
    ["refs/pull/6/merge", "refs/pull/5/merge/x", "x/refs/pull/5/merge", "refs/heads/main", ""],
)
def test_a_job_speaks_for_its_own_pull_request_alone(ref: str) -> None:
    assert admit(job(ref=ref), 5, LISTS) == Refused(Why.OTHER_PULL_REQUEST)


def test_a_target_job_is_known_by_the_pull_requests_branches() -> None:
    of_target = job(event="pull_request_target", ref="refs/heads/main")
    admitted = admit(of_target, 5, LISTS)
    assert isinstance(admitted, Admitted)
    assert confirm(admitted, PULL, 0, LISTS) is None
    other = replace(PULL, head_branch="another")
    assert confirm(admitted, other, 0, LISTS) == Refused(Why.OTHER_PULL_REQUEST)
    other = replace(PULL, base_branch="release")
    assert confirm(admitted, other, 0, LISTS) == Refused(Why.OTHER_PULL_REQUEST)


def test_a_renamed_repository_is_no_way_into_another() -> None:
    other = replace(PULL, key=PullKey(1002, 5))
    assert confirm(Admitted(job(), 5), other, 0, LISTS) == Refused(Why.OTHER_REPOSITORY)


def test_a_closed_pull_request_is_refused() -> None:
    closed = replace(PULL, is_open=False)
    assert confirm(Admitted(job(), 5), closed, 0, LISTS) == Refused(Why.PULL_REQUEST_CLOSED)


def test_an_enrolled_installation_covers_its_repositories_and_no_others() -> None:
    lists = Enrolment(frozenset(), frozenset({3}), (WORKFLOW,))
    admitted = admit(job(), 5, lists)
    assert isinstance(admitted, Admitted)
    assert confirm(admitted, PULL, 3, lists) is None
    assert confirm(admitted, PULL, 4, lists) == Refused(Why.REPOSITORY_NOT_ENROLLED)


@pytest.mark.parametrize(
    ("pattern", "workflow"),
    [
        ("acme/*/.github/workflows/review.yml@refs/heads/main", WORKFLOW),
        ("acme/shop/.github/workflows/*.yml@refs/heads/main", WORKFLOW),
        (f"{FILE}@refs/pull/*/merge", f"{FILE}@refs/pull/5/merge"),
    ],
)
def test_a_star_stands_for_a_part_of_a_path(pattern: str, workflow: str) -> None:
    assert is_allowed(workflow, (pattern,))


@pytest.mark.parametrize(
    "workflow",
    [
        f"evil-{WORKFLOW}",
        f"evil/{WORKFLOW}",
        f"{WORKFLOW}-evil",
        f"{WORKFLOW}/evil",
        f"{WORKFLOW}\n",
        f"mallory/x/.github/workflows/x.yml@{WORKFLOW}",
        WORKFLOW.replace("review.yml", "reviewXyml"),
        WORKFLOW.replace("main", "mainly"),
        WORKFLOW.replace("main", "MAIN"),
        WORKFLOW.replace("@refs/heads/main", "@refs/tags/main"),
        WORKFLOW.replace("acme/shop", f"{WORKFLOW}/../x"),
        WORKFLOW.replace("acme/", "acme/nested/"),
        "",
    ],
)
@pytest.mark.parametrize("pattern", [WORKFLOW, WORKFLOW.replace("/shop/", "/*/")])
def test_nothing_before_after_or_beside_a_pattern_passes(pattern: str, workflow: str) -> None:
    assert not is_allowed(workflow, (pattern,))


@given(st.text(alphabet="ab/@.*", max_size=12), st.text(alphabet="ab/@.", max_size=12))
def test_a_pattern_without_stars_is_met_by_itself_alone(pattern: str, workflow: str) -> None:
    plain = pattern.replace("*", "")
    assert is_allowed(workflow, (plain,)) == (workflow == plain)
