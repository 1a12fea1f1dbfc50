"""Why a companion gives no session or answer, in the words that service and job share."""

from __future__ import annotations

from enum import StrEnum

OVER_BUDGET = "budget-exhausted"  # why a session's question is not asked


class Why(StrEnum):
    """A refusal; none of them tells more than the job's own token does."""

    TOKEN_MISSING = "token-missing"  # noqa: S105 - a code
    TOKEN_MALFORMED = "token-malformed"  # noqa: S105 - a code
    TOKEN_ALGORITHM = "token-algorithm"  # noqa: S105 - a code
    TOKEN_KEY_UNKNOWN = "token-key-unknown"  # noqa: S105 - a code
    TOKEN_SIGNATURE = "token-signature"  # noqa: S105 - a code
    TOKEN_ISSUER = "token-issuer"  # noqa: S105 - a code
    TOKEN_AUDIENCE = "token-audience"  # noqa: S105 - a code
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a code
    TOKEN_EARLY = "token-early"  # noqa: S105 - a code
    TOKEN_INCOMPLETE = "token-incomplete"  # noqa: S105 - a code
    TOKEN_USED = "token-used"  # noqa: S105 - a code
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
