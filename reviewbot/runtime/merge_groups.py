"""Answers merge queues, so that a required check never stalls one."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import NotFound, PolicyError, RateLimited, ReviewbotError
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.review.merge_group import answer, is_under_way
from reviewbot.review.notices import unusable_policy
from reviewbot.review.policy_file import effective_policy
from reviewbot.review.words import in_language
from reviewbot.runtime.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.ledger.merge_groups import MergeGroups, WaitingGroup
    from reviewbot.ledger.verdicts import Verdicts
    from reviewbot.review.ports import Check, Forge

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 5.0  # how often a review under way is looked at
_BACKOFF = Backoff(first=5.0, longest=300.0)
_LONGEST = 3_600.0  # seconds; a queue gives up by then


@dataclass(frozen=True, slots=True)
class QueueAnswers:
    """One errand of the workers: the next merge group's check.

    *patience* is how many seconds a review under way is waited for.
    """

    groups: MergeGroups
    verdicts: Verdicts
    forge: Callable[[int], Forge]
    policy: Policy
    patience: float

    def __call__(self, owner: str) -> bool:
        """Answer one; False if none is due."""
        group = self.groups.claim(owner)
        if group is None:
            return False
        about = {"pull": str(group.key), "head": group.head_sha}
        try:
            said = self._answer(group)
        except NotFound:
            self.groups.finish(group)  # the pull request, or the queue's commit, is gone
            said = "gone"
        except ReviewbotError as error:
            said = f"failed: {type(error).__name__}"
            self._again(group, error)
        except Exception:  # noqa: BLE001 - one bug must not end the worker
            said = "failed: a bug"
            _log.exception("bug", extra=about)
            self._again(group, None)
        _log.info("merge group", extra={**about, "outcome": said})
        return True

    def _answer(self, group: WaitingGroup) -> str:
        request = ReviewRequest(
            group.repository, group.key.number, "merge group", group.installation_id
        )
        forge = self.forge(group.installation_id)
        pull = forge.pull_request(request)
        verdict = self.verdicts.of(pull)
        if is_under_way(verdict) and group.age < self.patience:
            self.groups.postpone(group, _LOOK_SECONDS)
            return "waits"
        check = self._check(forge, pull)
        # Its check stands on the queue's commit, not on the pull request's.
        forge.conclude(replace(pull, head_sha=group.head_sha), check)
        self.groups.finish(group)
        return check.conclusion.value

    def _check(self, forge: Forge, pull: PullRequest) -> Check:
        try:
            policy = effective_policy(forge.base_files(pull), self.policy)
        except PolicyError as error:
            return unusable_policy(error, in_language(self.policy.language))
        return answer(pull, self.verdicts.of(pull), policy)

    def _again(self, group: WaitingGroup, error: ReviewbotError | None) -> None:
        if group.age > _LONGEST:
            self.groups.finish(group)
            return
        wait = _BACKOFF.after(group.attempt)
        self.groups.postpone(group, error.seconds if isinstance(error, RateLimited) else wait)
