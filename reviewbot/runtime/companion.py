"""The companion: sells sessions to workflows' jobs, for the pull request that each runs for."""

from __future__ import annotations

import hashlib
import hmac
import logging
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import (
    Forbidden,
    ForgeError,
    ForgeUnavailable,
    NotFound,
    PolicyError,
)
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.domain.session_refusal import Why
from reviewbot.github.client import GitHubClient
from reviewbot.github.oidc import BadToken, JobIdentity, verify_job
from reviewbot.github.oidc_keys import IssuerKeys
from reviewbot.ledger.job_sessions import Sessions, Terms
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.house import purse_of
from reviewbot.review.policy_file import effective_policy
from reviewbot.runtime.enrolment import Admitted, Enrolment, Refused, admit, confirm
from reviewbot.runtime.service import app_auth, app_tokens

if TYPE_CHECKING:
    from prometheus_client import Counter

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.auth import TokenSource
    from reviewbot.runtime.companion_settings import Companion as Section
    from reviewbot.runtime.core import Core

_log = logging.getLogger(__name__)


class NoSession(Exception):
    """A session is not given."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, its life in seconds, the key of what its job keeps, and the policy's bounds."""

    token: str
    seconds: int
    seal: str
    policy: Policy


class Companion:
    """Opens sessions; safe between threads."""

    def __init__(self, core: Core, outcomes: Counter) -> None:
        section = core.settings.values.companion
        self._core, self._outcomes = core, outcomes
        self._section = section
        self._keys = IssuerKeys(section.issuer)
        self._enrolment = enrolment_of(section)
        self._tokens: TokenSource = app_tokens(core.settings)
        self.sessions = Sessions(core.database)

    def open_session(self, token: str, number: int, max_cost: PicoUsd | None) -> Opened:
        """A session for the job that holds *token*; raises NoSession or LedgerError.

        The token is used up before GitHub is asked anything, whatever comes of it.
        """
        try:
            opened = self._open(token, number, max_cost)
        except NoSession as refused:
            self._outcomes.labels(refused.why.value).inc()
            raise
        self._outcomes.labels("opened").inc()
        return opened

    def _open(self, token: str, number: int, max_cost: PicoUsd | None) -> Opened:
        job = self._verified(token)
        admitted = admit(job, number, self._enrolment)
        if isinstance(admitted, Refused):
            raise self._refused(job, admitted)
        if not self.sessions.use_up(self._keys.issuer, job.token_id, job.ends):
            raise self._refused(job, Refused(Why.TOKEN_USED))
        pull, policy = self._seen(admitted)
        seconds = self._section.session_minutes * 60
        terms = self._terms(pull, policy, job, max_cost)
        token = self.sessions.open(terms, seconds, job.workflow, f"workflow run {job.run}")
        _log.info("session", extra={"pull": str(pull.key), "run": job.run})
        return Opened(token, seconds, self._seal(pull), policy)

    def _verified(self, token: str) -> JobIdentity:
        try:
            return verify_job(token, self._keys, self._section.url or "")
        except BadToken as error:
            raise NoSession(error.why) from None
        except ForgeUnavailable as error:
            _log.warning("no keys", extra={"why": str(error)})
            raise NoSession(Why.ISSUER_UNREACHABLE) from None

    def _refused(self, job: JobIdentity, refused: Refused) -> NoSession:
        about = {"repository_id": job.repository_id, "event": job.event, "run": job.run}
        _log.info("no session", extra={"code": refused.why.value, **about})
        return NoSession(refused.why)

    def _seen(self, admitted: Admitted) -> tuple[PullRequest, Policy]:
        """The pull request and its policy, as GitHub shows them to the service itself."""
        job = admitted.job
        try:
            installation_id = self._installation(job.repository)
            request = ReviewRequest(job.repository, admitted.number, "companion", installation_id)
            forge = self._core.forge(self._tokens, installation_id)
            pull = forge.pull_request(request)
            if wrong := confirm(admitted, pull, installation_id, self._enrolment):
                raise self._refused(job, wrong)
            return pull, effective_policy(forge.base_files(pull), self._core.house().policy)
        except (NotFound, Forbidden) as error:
            _log.info("no session", extra={"why": str(error)})
            raise NoSession(Why.REPOSITORY_NOT_INSTALLED) from None
        except PolicyError:
            raise NoSession(Why.POLICY_UNUSABLE) from None
        except ForgeError as error:
            _log.warning("no session", extra={"why": str(error)})
            raise NoSession(Why.GITHUB_UNAVAILABLE) from None

    def _installation(self, repository: str) -> int:
        """The App's installation in a repository; 0 where the service has a plain token."""
        github = self._core.settings.github
        if not github.app_id:
            return 0
        with closing(GitHubClient(github.api_url, app_auth(self._core.settings))) as client:
            found = client.get(f"/repos/{repository}/installation")
        installation_id = found.get("id") if isinstance(found, dict) else None
        if not isinstance(installation_id, int):
            message = "GitHub's answer is no installation"
            raise ForgeUnavailable(message)
        return installation_id

    def _terms(
        self, pull: PullRequest, policy: Policy, job: JobIdentity, max_cost: PicoUsd | None
    ) -> Terms:
        review_id = Reviews(self._core.database).open(pull, f"workflow run {job.run}")
        house = replace(self._core.house(), per_review=max_cost)
        return Terms(purse_of(review_id, pull, policy, house), policy.redaction)

    def _seal(self, pull: PullRequest) -> str:
        """A secret that lasts while the ledger does, and differs for every pull request."""
        purpose = f"companion seal {pull.key}".encode()
        return hmac.digest(self._core.secret, purpose, hashlib.sha256).hex()


def enrolment_of(section: Section) -> Enrolment:
    """The server's lists."""
    return Enrolment(
        frozenset(section.repositories), frozenset(section.installations), section.workflows
    )
