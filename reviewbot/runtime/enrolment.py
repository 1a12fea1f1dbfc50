"""Who may buy a session: decided by what GitHub vouches for, and by the server's lists alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.session_refusal import Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.oidc import JobIdentity

_MERGED = re.compile(r"refs/pull/([1-9][0-9]{0,17})/merge")
_ANYTHING_WITHIN = "[^/@]*"  # what `*` stands for in a pattern
_PULL, _PULL_TARGET = "pull_request", "pull_request_target"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Repositories and installations by id, and patterns of ``job_workflow_ref``."""

    repositories: frozenset[int]
    installations: frozenset[int]
    workflows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no session."""

    why: Why


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job that may have a session for one pull request, once GitHub shows it as told."""

    job: JobIdentity
    number: int


def admit(job: JobIdentity, number: int, enrolment: Enrolment) -> Admitted | Refused:
    """Decide by the job's claims; what they do not say is looked at by ``confirm``."""
    if job.event not in {_PULL, _PULL_TARGET}:
        return Refused(Why.EVENT_NOT_ALLOWED)
    if not enrolment.installations and job.repository_id not in enrolment.repositories:
        return Refused(Why.REPOSITORY_NOT_ENROLLED)
    if not is_allowed(job.workflow, enrolment.workflows):
        return Refused(Why.WORKFLOW_NOT_ALLOWED)
    if job.event == _PULL:
        merged = _MERGED.fullmatch(job.ref)
        if merged is None or int(merged[1]) != number:
            return Refused(Why.OTHER_PULL_REQUEST)
    return Admitted(job, number)


def confirm(
    admitted: Admitted, pull: PullRequest, installation_id: int, enrolment: Enrolment
) -> Refused | None:
    """Why the pull request, as GitHub shows it, is not the admitted job's; None where it is."""
    job = admitted.job
    if pull.key.repository_id != job.repository_id:
        return Refused(Why.OTHER_REPOSITORY)
    if (
        job.repository_id not in enrolment.repositories
        and installation_id not in enrolment.installations
    ):
        return Refused(Why.REPOSITORY_NOT_ENROLLED)
    if (pull.head_branch, pull.base_branch) != (job.head_ref, job.base_ref):
        return Refused(Why.OTHER_PULL_REQUEST)
    return None if pull.is_open else Refused(Why.PULL_REQUEST_CLOSED)


def is_allowed(workflow: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern covers the whole of ``OWNER/NAME/PATH@REF``."""
    return any(_compiled(pattern).fullmatch(workflow) for pattern in patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_ANYTHING_WITHIN.join(map(re.escape, pattern.split("*"))))
