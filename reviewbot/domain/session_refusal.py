"""Why a companion gives no session or answer, in the words that service and job share."""

from __future__ import annotations

from enum import StrEnum

OVER_BUDGET = "budget-exhausted"  # why a session's question is not asked


class Why(StrEnum):
    """A refusal; none of them tells more than the job's own token does."""

    TOKEN_MISSING = "token-missing"
    TOKEN_MALFORMED = "token-malformed"
    TOKEN_ALGORITHM = "token-algorithm"
    TOKEN_KEY_UNKNOWN = "token-key-unknown"
    TOKEN_SIGNATURE = "token-signature"
    TOKEN_ISSUER = "token-issuer"
    TOKEN_AUDIENCE = "token-audience"
    TOKEN_EXPIRED = "token-expired"
    TOKEN_EARLY = "token-early"
    TOKEN_INCOMPLETE = "token-incomplete"
    TOKEN_USED = "token-used"
    EVENT_NOT_ALLOWED = "event-not-allowed"
    REPOSITORY_NOT_ENROLLED = "repository-not-enrolled"
    REPOSITORY_NOT_INSTALLED = "repository-not-installed"
    WORKFLOW_NOT_ALLOWED = "workflow-not-allowed"
    OTHER_REPOSITORY = "other-repository"
    OTHER_PULL_REQUEST = "other-pull-request"
    PULL_REQUEST_CLOSED = "pull-request-closed"
    POLICY_UNUSABLE = "policy-unusable"
    REQUEST_UNREADABLE = "request-unreadable"
    ISSUER_UNREACHABLE = "issuer-unreachable"
    GITHUB_UNAVAILABLE = "github-unavailable"
    BUSY = "busy"
    STOPPING = "stopping"

    @property
    def is_of_token(self) -> bool:
        """Whether another token might do."""
        return self.value.startswith("token-")

    @property
    def is_passing(self) -> bool:
        """Whether trying again soon may help."""
        return self in {
            Why.ISSUER_UNREACHABLE,
            Why.GITHUB_UNAVAILABLE,
            Why.BUSY,
            Why.STOPPING,
        }
