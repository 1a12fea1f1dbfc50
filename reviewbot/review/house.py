"""What the server decides for every review, and who pays for one within that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd
from reviewbot.review.ports import Limits, Purse

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.policy import Budget, Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.domain.tip import ToolFinding


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a common limit one user of it may take; 1 is all.

    *author* is of a repository's day, *repository* of an installation's month; both hold for
    the App alone. *escalation* is how far second looks may fill any limit.
    """

    author: Decimal = Decimal(1)
    repository: Decimal = Decimal(1)
    escalation: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Extras:
    """What one run brings along: findings of other tools, and more paths that are not read."""

    tips: tuple[ToolFinding, ...] = ()
    exclude: tuple[str, ...] = ()


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class House:
    """What the server decides for every review: default policy, outer limits, audits.

    *audited* draws by answer key which quiet chunks the strong tier reads all the same;
    who does not know the server's secret cannot foretell it.
    """

    policy: Policy
    per_installation: PicoUsd
    per_server: PicoUsd
    audited: Callable[[str], bool]
    per_review: PicoUsd | None = None
    shares: Shares = Shares()
    extras: Extras = NO_EXTRAS


def purse_of(review_id: str, pull: PullRequest, policy: Policy, house: House) -> Purse:
    """Who pays, and the limits of every scope under policy and server."""
    return Purse(
        review_id=review_id,
        pull=pull.key,
        repository=pull.repository,
        installation_id=pull.installation_id,
        head_sha=pull.head_sha,
        limits=_limits(pull, policy.budget, house),
        data=policy.data,
        author_id=pull.author.id,
    )


def _limits(pull: PullRequest, budget: Budget, house: House) -> Limits:
    limits = Limits(
        per_pr=budget.per_pr,
        per_day=budget.per_day,
        per_month=budget.per_month,
        per_installation=house.per_installation,
        per_server=house.per_server,
        per_review=house.per_review,
        escalation_share=house.shares.escalation,
    )
    if not pull.installation_id:
        return limits
    return replace(
        limits,
        per_author=_share(house.shares.author, budget.per_day, budget),
        per_repository=_share(house.shares.repository, house.per_installation, budget),
    )


def _share(share: Decimal, of: PicoUsd, budget: Budget) -> PicoUsd:
    """Never less than one pull request may cost: a first one must not be starved."""
    return PicoUsd(max(int(of * share), min(of, budget.per_pr)))
