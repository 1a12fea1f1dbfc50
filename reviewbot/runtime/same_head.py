"""A forge on which all checks of one commit end alike, whichever pull requests it stands in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import NotFound
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.review.ports import Conclusion, Verdict
from reviewbot.review.same_head import joint, own
from reviewbot.runtime.reading_forge import ReadingForge

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.review.ports import Check, Publication, Verdicts


@dataclass(frozen=True, slots=True)
class SameHeadForge(ReadingForge):
    """Joins each conclusion with those of other open pull requests that have the same head."""

    verdicts: Verdicts

    def say(self, pull: PullRequest, text: str) -> None:
        """As the forge does it."""
        self.forge.say(pull, text)

    def begin(self, pull: PullRequest, says: str) -> None:
        """A review under way holds the commit's other checks up."""
        self.verdicts.record(pull, None)
        self.forge.begin(pull, says)

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the check run, and those of the same commit that must end alike."""
        if check.conclusion is Conclusion.CANCELLED:  # its pull request has left this commit
            self.verdicts.record(pull, check.conclusion, check.title)
            self.forge.conclude(pull, check)
            return
        others = self._others(pull, check)
        agreed = joint(check, [verdict for _, verdict in others])
        self.forge.conclude(pull, agreed)
        self._finish(pull, check, agreed, others)

    def publish(self, publication: Publication) -> str:
        """Publish, with the check that holds for the commit."""
        pull, check = publication.pull, publication.check
        others = self._others(pull, check)
        agreed = joint(check, [verdict for _, verdict in others])
        url = self.forge.publish(replace(publication, check=agreed))
        self._finish(pull, check, agreed, others)
        return url

    def _others(self, pull: PullRequest, check: Check) -> list[tuple[PullRequest, Verdict]]:
        """What other open pull requests say.

        Ours is recorded first, so that two that end at once see each other.
        """
        self.verdicts.record(pull, check.conclusion, check.title)
        found = (
            (self._current(pull, verdict.number), verdict)
            for verdict in self.verdicts.elsewhere(pull)
        )
        return [
            (other, verdict)
            for other, verdict in found
            if other and other.is_open and other.head_sha == pull.head_sha
        ]

    def _current(self, pull: PullRequest, number: int) -> PullRequest | None:
        request = ReviewRequest(pull.repository, number, "same head", pull.installation_id)
        try:
            return self.forge.pull_request(request)
        except NotFound:
            return None

    def _finish(
        self,
        pull: PullRequest,
        check: Check,
        agreed: Check,
        others: list[tuple[PullRequest, Verdict]],
    ) -> None:
        """Change the ended checks of the same commit that show something else by now."""
        self.verdicts.shown(pull, agreed.conclusion)
        ours = Verdict(pull.key.number, check.conclusion, check.title, agreed.conclusion)
        everyone = [ours, *(verdict for _, verdict in others)]
        for other, verdict in others:
            theirs = joint(
                own(verdict, agreed.say), [each for each in everyone if each is not verdict]
            )
            if verdict.conclusion is not None and theirs.conclusion is not verdict.shown:
                self.forge.conclude(other, theirs)
                self.verdicts.shown(other, theirs.conclusion)
