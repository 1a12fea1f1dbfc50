"""Looks at everything a server needs, and says what to do about what is wrong."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd
from reviewbot.domain.question import MESSAGES
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.identity import identify_app, identify_token
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.commands import Commands
from reviewbot.ledger.desk import Desk
from reviewbot.ledger.drains import drained
from reviewbot.ledger.installations import REMOVED, Installations
from reviewbot.ledger.quarantine import flagged
from reviewbot.ledger.reported import deviating
from reviewbot.ledger.reviews import starved
from reviewbot.ledger.switch import Switch
from reviewbot.review.plan import BYTES_PER_TOKEN, REQUEST_TOKENS
from reviewbot.review.prompt import OUTPUT_CAP
from reviewbot.runtime.diagnosis import Diagnosis, Health, asked
from reviewbot.runtime.doctor_app import examine_app
from reviewbot.runtime.doctor_companion import examine_companion
from reviewbot.runtime.doctor_organisations import examine_organisations
from reviewbot.runtime.service import app_auth, desk_rules, webhook_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.runtime.core import Core
    from reviewbot.runtime.settings import GitHub, Settings

_RULES_BYTES = 16_000  # of a prompt beside its chunks: rules, schema, guidance
_STUCK_SECONDS = 3_600.0
_STARVED_DAYS = 7
_PRICED_DAYS = 30
_MOST_STARVED = 20


def examine(core: Core) -> Iterator[Diagnosis]:
    """Every part of an opened core, one after the other."""
    yield Diagnosis("database", Health.FINE, core.database.url)
    yield from _endpoints(core)
    yield from _prices(core)
    yield from _limits(core)
    yield from _github(core.settings)
    yield from examine_companion(core.settings)
    yield from _stops(core)
    yield from _desk(core)
    yield _commands(core)
    yield from _starved(core)


def _endpoints(core: Core) -> Iterator[Diagnosis]:
    for name, trouble in core.router.probe():
        part = f"endpoint {name}"
        if trouble:
            advice = "Check base_url, the key and the network."
            yield Diagnosis(part, Health.DOWN, trouble, advice)
        else:
            yield Diagnosis(part, Health.FINE, "it answers")
    for each in drained(core.database):
        says = f"out of service, as {each.who} decided: {each.why}"
        advice = f"`reviewbot ledger release {each.endpoint} --why …` brings it back."
        yield Diagnosis(f"endpoint {each.endpoint}", Health.WARNING, says, advice)
    for name, why in flagged(core.database):
        advice = (
            "Check the route's price and the vendor's bill; then `reviewbot ledger release"
            f" {name} --why …` lets it be called again."
        )
        says = f"under quarantine, so it is not called: it {why}"
        yield Diagnosis(f"endpoint {name}", Health.WARNING, says, advice)


def _prices(core: Core) -> Iterator[Diagnosis]:
    """Endpoints that bill by other prices than the configured ones, by their own word."""
    since = Clock().milliseconds(-_PRICED_DAYS * 86_400)
    for name, line in deviating(core.database, since):
        says = (
            f"it says that it billed {format_usd(line.billed)} for {line.calls} calls, where the"
            f" configured prices make {format_usd(line.settled)}"
        )
        advice = 'Mend the route\'s price, or set billing = "reported" for the endpoint.'
        yield Diagnosis(f"endpoint {name}", Health.WARNING, says, advice)


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
    size = int(REQUEST_TOKENS * BYTES_PER_TOKEN) + _RULES_BYTES
    for tier in (Tier.CHEAP, Tier.STRONG):
        price = core.router.price(tier)
        if price is None:
            if tier is Tier.STRONG:
                advice = "Name a model in tiers.strong to have findings confirmed."
                yield Diagnosis("tiers", Health.WARNING, "there is no strong tier", advice)
            continue
        worst = price.worst_case(size, MESSAGES, OUTPUT_CAP)
        says = f"a call costs {format_usd(worst)} at the most"
        if worst > smallest:
            advice = "Raise the limits of [budget] and [policy.budget], or choose a cheaper model."
            text = f"{says}, more than the smallest limit {format_usd(smallest)}"
            yield Diagnosis(f"limits, {tier} tier", Health.WRONG, text, advice)
        else:
            yield Diagnosis(f"limits, {tier} tier", Health.FINE, says)


def _starved(core: Core) -> Iterator[Diagnosis]:
    """Reviews of late that a limit kept from reading everything."""
    since = Clock().milliseconds(-_STARVED_DAYS * 86_400)
    for each in starved(core.database, since)[:_MOST_STARVED]:
        name = f"{each.repository}#{each.key.number}"
        says = f"not everything was read: no room in {', '.join(each.shortages)}"
        advice = f"Raise the limit, then `reviewbot ledger resume {name}` reads the rest."
        yield Diagnosis(f"review {name}", Health.WARNING, says, advice)


def _github(settings: Settings) -> Iterator[Diagnosis]:
    github = settings.github
    if not github.app_id and not github.token:
        advice = "`reviewbot serve` opens a page that sets an App up; `review` wants GITHUB_TOKEN."
        yield Diagnosis("GitHub", Health.WARNING, "no App and no token is configured", advice)
        return
    if github.app_id:
        yield asked("webhook secret", lambda: _secrets_told(settings))
        identified = asked(f"GitHub App {github.app_id}", lambda: _identified_app(settings))
        yield identified
        if identified.health is Health.FINE:
            yield from examine_app(settings)
    if github.token:
        yield asked("GitHub token", lambda: _identified_token(github))
    yield from examine_organisations(settings)


def _secrets_told(settings: Settings) -> str:
    rotating = len(webhook_secrets(settings)) > 1
    return "it is set, and the previous one holds too" if rotating else "it is set"


def _identified_app(settings: Settings) -> str:
    with closing(GitHubClient(settings.github.api_url, app_auth(settings))) as client:
        return identify_app(client)


def _identified_token(github: GitHub) -> str:
    with closing(GitHubClient(github.api_url, StaticToken(github.token))) as client:
        return identify_token(client)


def _stops(core: Core) -> Iterator[Diagnosis]:
    """What administrators, here or on GitHub, have stopped."""
    if stop := Switch(core.database).stopped():
        at = datetime.fromtimestamp(stop.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        says = f"stopped by {stop.actor} at {at}: {stop.why}"
        yield Diagnosis("spending", Health.WARNING, says, "`reviewbot start` allows it again.")
    for installation_id, standing in Installations(core.database).stopped():
        if standing == REMOVED:
            continue
        says = f"it is {standing} on GitHub, and not worked for"
        advice = "Who suspended it can lift that on GitHub, under the installation's settings."
        yield Diagnosis(f"installation {installation_id}", Health.WARNING, says, advice)


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
