"""Looks at everything a server needs, and says what to do about what is wrong."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, ReviewbotError, UsageError
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.identity import identify_app, identify_token
from reviewbot.ledger.commands import Commands
from reviewbot.ledger.desk import Desk
from reviewbot.ledger.house import flagged
from reviewbot.review.plan import BYTES_PER_TOKEN, CHUNK_TOKENS
from reviewbot.review.prompt import OUTPUT_CAP
from reviewbot.runtime.service import app_auth, desk_rules, webhook_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reviewbot.runtime.core import Core
    from reviewbot.runtime.settings import GitHub, Settings

_RULES_BYTES = 16_000  # of a prompt beside its chunks: rules, schema, guidance
_MESSAGES = 2
_STUCK_SECONDS = 3_600.0


class Health(StrEnum):
    """How a part is."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"  # of the configuration: exit code 2
    DOWN = "down"  # cannot be reached: exit code 3


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One part, how it is, and what to do."""

    part: str
    health: Health
    says: str
    advice: str = ""


def examine(core: Core) -> Iterator[Diagnosis]:
    """Every part of an opened core, one after the other."""
    yield Diagnosis("database", Health.FINE, core.database.url)
    yield from _endpoints(core)
    yield from _limits(core)
    yield from _github(core.settings)
    yield from _desk(core)
    yield _commands(core)


def _endpoints(core: Core) -> Iterator[Diagnosis]:
    for name, trouble in core.router.probe():
        part = f"endpoint {name}"
        if trouble:
            advice = "Check base_url, the key and the network."
            yield Diagnosis(part, Health.DOWN, trouble, advice)
        else:
            yield Diagnosis(part, Health.FINE, "it answers")
    for name, why in flagged(core.database):
        advice = "Check the route's price and the vendor's bill."
        yield Diagnosis(f"endpoint {name}", Health.WARNING, why, advice)


def _limits(core: Core) -> Iterator[Diagnosis]:
    """A limit below one worst-case call lets nothing be read at all."""
    budget, policy = core.settings.values.budget, core.settings.values.policy.budget
    smallest = min(
        budget.per_installation,
        budget.per_server,
        policy.per_pr,
        policy.per_day,
        policy.per_month,
    )
    size = int(CHUNK_TOKENS * BYTES_PER_TOKEN) + _RULES_BYTES
    for tier in (Tier.CHEAP, Tier.STRONG):
        price = core.router.price(tier)
        if price is None:
            if tier is Tier.STRONG:
                advice = "Name a model in tiers.strong to have findings confirmed."
                yield Diagnosis("tiers", Health.WARNING, "there is no strong tier", advice)
            continue
        worst = price.worst_case(size, _MESSAGES, OUTPUT_CAP)
        says = f"a call costs {format_usd(worst)} at the most"
        if worst > smallest:
            advice = "Raise the limits of [budget] and [policy.budget], or choose a cheaper model."
            text = f"{says}, more than the smallest limit {format_usd(smallest)}"
            yield Diagnosis(f"limits, {tier} tier", Health.WRONG, text, advice)
        else:
            yield Diagnosis(f"limits, {tier} tier", Health.FINE, says)


def _github(settings: Settings) -> Iterator[Diagnosis]:
    github = settings.github
    if not github.app_id and not github.token:
        advice = "Set github.app_id and its keys for `serve`, or GITHUB_TOKEN for `review`."
        yield Diagnosis("GitHub", Health.WARNING, "no App and no token is configured", advice)
        return
    if github.app_id:
        yield _asked("webhook secret", lambda: _secrets_told(settings))
        yield _asked(f"GitHub App {github.app_id}", lambda: _identified_app(settings))
    if github.token:
        yield _asked("GitHub token", lambda: _identified_token(github))


def _secrets_told(settings: Settings) -> str:
    rotating = len(webhook_secrets(settings)) > 1
    return "it is set, and the previous one holds too" if rotating else "it is set"


def _identified_app(settings: Settings) -> str:
    with closing(GitHubClient(settings.github.api_url, app_auth(settings))) as client:
        return identify_app(client)


def _identified_token(github: GitHub) -> str:
    with closing(GitHubClient(github.api_url, StaticToken(github.token))) as client:
        return identify_token(client)


def _asked(part: str, ask: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(part, Health.FINE, ask())
    except (Forbidden, UsageError) as error:
        return Diagnosis(part, Health.WRONG, str(error), error.advice)
    except ReviewbotError as error:
        return Diagnosis(part, Health.DOWN, str(error), error.advice)


def _commands(core: Core) -> Diagnosis:
    waiting, dead = Commands(core.database).counts()
    says = f"{waiting} waiting, {dead} given up"
    if not dead:
        return Diagnosis("commands", Health.FINE, says)
    advice = "See the workers' logs; whoever wrote one writes it once more."
    return Diagnosis("commands", Health.WARNING, says, advice)


def _desk(core: Core) -> Iterator[Diagnosis]:
    desk = Desk(core.database, desk_rules(core.settings))
    counts = desk.counts()
    says = f"{counts.waiting} waiting, {counts.working} under way, {counts.dead} given up"
    if counts.oldest > _STUCK_SECONDS:
        advice = "Are workers running? See their logs."
        text = f"{says}; the oldest waits for {counts.oldest / 3600:.1f} hours"
        yield Diagnosis("desk", Health.WARNING, text, advice)
    else:
        yield Diagnosis("desk", Health.FINE, says)
    for dead in desk.dead():
        advice = "A new push, or redelivering its webhook, asks again."
        name = f"{dead.repository}#{dead.key.number}"
        yield Diagnosis(f"desk {name}", Health.WARNING, f"given up: {dead.error}", advice)
