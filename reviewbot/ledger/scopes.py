"""Names every scope that a call falls under, with its limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.scope import TITLES, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from reviewbot.domain.pull_request import PullKey
    from reviewbot.review.ports import Charge, Limits, Purse

_BY_PREFIX = {
    "pr": Kind.PULL,
    "review": Kind.REVIEW,
    "author": Kind.AUTHOR_DAY,
    "installation": Kind.INSTALLATION_MONTH,
    "server": Kind.SERVER_MONTH,
}
_DASHES_OF_A_DAY = 2


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A counter's name, its limit in 10**-12 USD, and how far this call may fill it.

    *ceiling* is below *limit* for second looks: the rest is kept for first readings.
    """

    name: str
    limit: PicoUsd
    ceiling: PicoUsd

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[kind_of(self.name)]

    @property
    def lane(self) -> str:
        """The queue that refused calls wait in: second looks must not hold up first readings."""
        return self.name if self.ceiling == self.limit else f"{self.name} second look"


def kind_of(name: str) -> Kind:
    """What the scope of that name bounds."""
    prefix, _, rest = name.partition(":")
    if prefix == "repo":
        by_day = rest.count("-") == _DASHES_OF_A_DAY
        return Kind.REPOSITORY_DAY if by_day else Kind.REPOSITORY_MONTH
    return _BY_PREFIX[prefix]


def pull_scope(pull: PullKey) -> str:
    """The name of a pull request's lifetime counter."""
    return f"pr:{pull.repository_id}/{pull.number}"


def scopes_of(charge: Charge, now: datetime) -> tuple[Scope, ...]:
    """All scopes, in the order in which their rows are locked; days and months are UTC."""
    purse, limits = charge.purse, charge.purse.limits
    shared = [Scope(name, limit, limit) for name, limit in _shared(purse, now).items()]
    if charge.tier is Tier.STRONG:
        shared = [_kept_back(scope, limits) for scope in shared]
    if limits.per_review is not None:
        shared.append(Scope(f"review:{purse.review_id}", limits.per_review, limits.per_review))
    return tuple(sorted(shared))


def _shared(purse: Purse, now: datetime) -> dict[str, PicoUsd]:
    limits, repository = purse.limits, purse.pull.repository_id
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    per_month = limits.per_month
    if limits.per_repository is not None:
        per_month = min(per_month, limits.per_repository)
    found = {
        pull_scope(purse.pull): limits.per_pr,
        f"repo:{repository}:{day}": limits.per_day,
        f"repo:{repository}:{month}": per_month,
        f"installation:{purse.installation_id}:{month}": limits.per_installation,
        f"server:{month}": limits.per_server,
    }
    if limits.per_author is not None:
        found[f"author:{repository}/{purse.author_id}:{day}"] = limits.per_author
    return found


def _kept_back(scope: Scope, limits: Limits) -> Scope:
    return replace(scope, ceiling=PicoUsd(int(scope.limit * limits.escalation_share)))
