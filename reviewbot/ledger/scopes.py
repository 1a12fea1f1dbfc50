"""Names every scope that a call falls under, with its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.review.ports import Purse


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A counter's name, its limit in 10**-12 USD, and what people call it."""

    name: str
    limit: PicoUsd
    title: str


def pull_scope(pull: PullKey) -> str:
    """The name of a pull request's lifetime counter."""
    return f"pr:{pull.repository_id}/{pull.number}"


def scopes_of(purse: Purse, now: datetime) -> tuple[Scope, ...]:
    """All scopes, in the order in which their rows are locked; days and months are UTC."""
    limits, repository = purse.limits, purse.pull.repository_id
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    installation = f"installation:{purse.installation_id}:{month}"
    scopes = [
        Scope(pull_scope(purse.pull), limits.per_pr, "the pull request"),
        Scope(f"repo:{repository}:{day}", limits.per_day, "the repository today"),
        Scope(f"repo:{repository}:{month}", limits.per_month, "the repository this month"),
        Scope(installation, limits.per_installation, "the installation this month"),
        Scope(f"server:{month}", limits.per_server, "the server this month"),
    ]
    if limits.per_review is not None:
        name = f"review:{purse.review_id}"
        scopes.append(Scope(name, limits.per_review, "this review (--max-cost)"))
    return tuple(sorted(scopes))
