"""Every error that reviewbot raises on purpose.

ReviewbotError
├── UsageError                  wrong use or configuration (exit code 2)
│   ├── SettingsError           a key, value or secret of the server's configuration
│   └── PolicyError             a repository's policy that cannot be read or is invalid
├── DiffError                   bytes that are no diff (exit code 2)
├── ForgeError                  GitHub (exit code 3)
│   ├── NotFound                no such thing, or no right to see it
│   ├── Forbidden               the credential lacks a right
│   ├── RateLimited             GitHub asks to wait
│   └── ForgeUnavailable        no answer, or an answer that is none
├── ModelError                  a model endpoint (exit code 3)
│   ├── ModelRefused            wrong key, unknown model, too long: retrying cannot help
│   ├── OutOfMoney              the vendor's account is empty
│   ├── ModelUnavailable        no route gave an answer
│   ├── EndpointQuarantined     an endpoint billed more than was possible
│   ├── EndpointDrained         an administrator took an endpoint out of service
│   └── BadAnswer               an answer that is not what the contract asks for
│       └── CutOff              an answer that was longer than allowed
├── CompanionError              the companion gives this job no session (exit code 3)
├── BudgetExhausted             the ledger refused a reservation
├── SpendingStopped             an administrator stopped all spending
└── LedgerError                 the database (exit code 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Shortage


class ReviewbotError(Exception):
    """The root: what reviewbot expects to go wrong, with a text for people.

    *advice* says what to do about it; it is empty where nothing useful can be said.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.message, self.advice = message, advice

    def __str__(self) -> str:
        return self.message


class UsageError(ReviewbotError):
    """The command or its configuration is wrong."""


class SettingsError(UsageError):
    """The server's configuration is wrong; the message names source, key and value."""


class PolicyError(UsageError):
    """A repository's policy cannot be read or is invalid."""


class DiffError(ReviewbotError):
    """These bytes are no unified diff."""


class ForgeError(ReviewbotError):
    """GitHub did not do what was asked."""


class NotFound(ForgeError):
    """There is no such thing, or the credential may not see it (GitHub says 404 for both)."""


class Forbidden(ForgeError):
    """The credential lacks a right."""


class RateLimited(ForgeError):
    """GitHub asks to wait for *seconds*."""

    def __init__(self, message: str, seconds: float, advice: str = "") -> None:
        super().__init__(message, advice)
        self.args = (message, seconds, advice)
        self.seconds = seconds


class ForgeUnavailable(ForgeError):
    """GitHub gave no answer, or one that is none."""


class ModelError(ReviewbotError):
    """A model endpoint did not give what was asked."""


class ModelRefused(ModelError):
    """Wrong key, unknown model, request too long: asking again cannot help."""


class OutOfMoney(ModelError):
    """The vendor's account is empty or its spending limit reached."""


class ModelUnavailable(ModelError):
    """No route of a tier gave an answer within the attempts allowed."""


class EndpointQuarantined(ModelError):
    """An endpoint billed more than was possible: it is not called until it is released."""


class EndpointDrained(ModelError):
    """An administrator took an endpoint out of service: it is not called until it is released."""


class BadAnswer(ModelError):
    """The text of an answer is not what the contract asks for."""


class CutOff(BadAnswer):
    """The answer was longer than allowed; about less it may fit."""


class CompanionError(ReviewbotError):
    """The companion cannot be reached, or gives this job no session."""


class BudgetExhausted(ReviewbotError):
    """The ledger granted no reservation, because *scope* would exceed its limit.

    *shortage* has the figures, where the ledger gave any.
    """

    def __init__(
        self, message: str, scope: str, advice: str = "", shortage: Shortage | None = None
    ) -> None:
        super().__init__(message, advice)
        self.args = (message, scope, advice, shortage)
        self.scope, self.shortage = scope, shortage


class SpendingStopped(ReviewbotError):
    """An administrator stopped all spending; every reservation is refused until it is allowed."""


class LedgerError(ReviewbotError):
    """The database cannot be used."""
