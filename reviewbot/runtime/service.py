"""The service: deliveries come in, workers take them from the desk."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError, SettingsError
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.markers import Marker
from reviewbot.github.permission import may_write
from reviewbot.ledger.commands import CommandRules, Commands
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.drains import drained
from reviewbot.ledger.facts import Facts
from reviewbot.ledger.installations import Installations
from reviewbot.ledger.merge_groups import MergeGroups
from reviewbot.ledger.read_backs import ReadBacks
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.ledger.switch import Switch
from reviewbot.ledger.verdicts import Verdicts
from reviewbot.runtime.clerk import Clerk
from reviewbot.runtime.core import open_core
from reviewbot.runtime.health import HealthChecks
from reviewbot.runtime.intake import Intake, Taken
from reviewbot.runtime.merge_groups import QueueAnswers
from reviewbot.runtime.metrics import Metrics
from reviewbot.runtime.read_back import ReadingBack
from reviewbot.runtime.redelivery import HourlyRedelivery, Redelivery
from reviewbot.runtime.sla import SlaAlerts
from reviewbot.runtime.upkeep import Upkeep, alarm
from reviewbot.runtime.work import Workshop
from reviewbot.runtime.workers import EmbeddedWorkers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reviewbot.github.auth import TokenSource
    from reviewbot.github.events import Event
    from reviewbot.ledger.database import Database
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.procrastination import ProcrastinateWaker
    from reviewbot.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Everything behind the web service and the workers."""

    core: Core
    desk: Desk
    switch: Switch
    intake: Intake
    shop: Workshop
    metrics: Metrics
    webhook_secrets: tuple[str, ...]
    workers: EmbeddedWorkers | None
    stopping: threading.Event = field(default_factory=threading.Event)

    def begin_to_stop(self) -> None:
        """Take on no reviews and no questions of sessions; what is under way goes on."""
        self.stopping.set()
        if self.workers is not None:
            self.workers.begin_to_stop()

    def take(self, delivery_id: str, event: Event) -> Taken:
        """Write down what an event asks for, and tell the workers."""
        taken = self.intake.take(delivery_id, event)
        if self.workers is not None and taken is Taken.RECORDED:
            self.workers.wake()
        return taken


@contextmanager
def open_service(settings: Settings, *, embedded: bool = True) -> Iterator[Service]:
    """Make the service ready, with workers inside or without; stops them at the end.

    Raises SettingsError or LedgerError.
    """
    secrets = webhook_secrets(settings)
    tokens = app_tokens(settings)
    with ExitStack() as stack:
        metrics = Metrics()
        core = stack.enter_context(open_core(settings, alarm(metrics)))
        desk = open_desk(settings, core.database, stack)
        switch = Switch(core.database)
        commands = Commands(core.database, command_rules(settings))
        metrics.watch(desk, commands, switch, core.router)
        metrics.watch_endpoints(core.database)
        core.model.subscribe(metrics.models.compared)
        health = _health(core)
        stack.callback(health.stop)
        health.start()
        upkeep = Upkeep(core, desk, settings.alerts_url())
        stack.callback(upkeep.stop)
        upkeep.start()
        groups = MergeGroups(core.database)
        clerk = _clerk(core, desk, commands, tokens)
        shop = _shop(core, clerk, metrics, tokens, groups)
        workers = _workers(shop, settings, core) if embedded else None
        if workers is not None:
            stack.callback(workers.stop)
            workers.start()
        intake = Intake(
            desk=desk,
            commands=commands,
            installations=Installations(core.database),
            groups=groups,
            read_backs=ReadBacks(core.database),
            verdicts=Verdicts(core.database),
            marker=Marker(core.secret),
        )
        if embedded and settings.github.app_id:
            _redeliver(core, metrics, stack)
        yield Service(core, desk, switch, intake, shop, metrics, secrets, workers)


def _health(core: Core) -> HealthChecks:
    limits, url = core.settings.limits, core.settings.alerts_url()

    def out_of_service() -> Collection[str]:
        try:
            return {each.endpoint for each in drained(core.database)}
        except LedgerError:  # then nothing is asked; a probe costs nothing
            return ()

    told = SlaAlerts(Facts(core.database), url).hear if url else lambda _now: None
    return HealthChecks(core.router, limits.probe_seconds, limits.sla, told, out_of_service)


def _clerk(core: Core, desk: Desk, commands: Commands, tokens: TokenSource) -> Clerk:
    return Clerk(
        core=core,
        desk=desk,
        commands=commands,
        rulings=SqlRulings(core.database),
        forge=lambda installation_id: core.forge(tokens, installation_id),
        conversation=lambda installation_id: core.conversation(tokens, installation_id),
    )


def _shop(
    core: Core, clerk: Clerk, metrics: Metrics, tokens: TokenSource, groups: MergeGroups
) -> Workshop:
    settings = core.settings

    def writes(installation_id: int, repository: str, login: str) -> bool:
        client = GitHubClient(settings.github.api_url, tokens, installation_id)
        with closing(client):
            return may_write(client, repository, login)

    answers = QueueAnswers(
        groups=groups,
        verdicts=Verdicts(core.database),
        forge=clerk.forge,
        policy=settings.values.policy,
        patience=settings.limits.review_seconds,
    )
    reading_back = ReadingBack(
        read_backs=ReadBacks(core.database),
        feedback=Reviews(core.database),
        posted=partial(core.posted, tokens),
    )
    return Workshop(
        desk=clerk.desk,
        forge=clerk.forge,
        review=core.review_unattended,
        metrics=metrics,
        review_seconds=settings.limits.review_seconds,
        clerk=clerk,
        may_write=writes,
        errands=(answers,),
        when_idle=(reading_back,),
    )


def _redeliver(core: Core, metrics: Metrics, stack: ExitStack) -> None:
    """Look for deliveries that never arrived, as long as the service runs."""
    auth, api_url = app_auth(core.settings), core.settings.github.api_url
    hourly = HourlyRedelivery(
        Redelivery(core.database, metrics, lambda: GitHubClient(api_url, auth))
    )
    stack.callback(hourly.stop)
    hourly.start()


def desk_rules(settings: Settings) -> DeskRules:
    """How the desk is worked."""
    limits = settings.limits
    return DeskRules(
        debounce=limits.debounce_seconds,
        lease=limits.lease_seconds,
        attempts=limits.review_attempts,
        per_repository=limits.reviews_per_repository,
        per_server=limits.reviews_per_server,
    )


def command_rules(settings: Settings) -> CommandRules:
    """How commands are worked."""
    limits = settings.limits
    return CommandRules(lease=limits.lease_seconds, attempts=limits.review_attempts)


def app_tokens(settings: Settings) -> TokenSource:
    """The App's tokens by installation; a plain GITHUB_TOKEN where no App is configured."""
    github = settings.github
    if not github.app_id and github.token:
        return StaticToken(github.token)
    return InstallationTokens(app_auth(settings), github.api_url)


def app_auth(settings: Settings) -> AppAuth:
    """What signs for the App."""
    github = settings.github
    key = settings.secret("github.private_key", github.private_key_env, github.private_key_file)
    return AppAuth(github.app_id, key)


def webhook_secrets(settings: Settings) -> tuple[str, ...]:
    """What deliveries may be signed with: the secret, and its predecessor during a rotation."""
    github = settings.github
    now = settings.secret(
        "github.webhook_secret", github.webhook_secret_env, github.webhook_secret_file
    )
    variable, file = github.previous_webhook_secret_env, github.previous_webhook_secret_file
    if not variable and not file:
        return (now,)
    return now, settings.secret("github.previous_webhook_secret", variable, file)


def open_desk(settings: Settings, database: Database, stack: ExitStack) -> Desk:
    """The desk; where many machines work it, with a bell that they all hear."""
    waker = _waker(settings, stack) if database.is_shared else None
    return Desk(database, desk_rules(settings), waker=waker)


def _workers(shop: Workshop, settings: Settings, core: Core) -> EmbeddedWorkers:
    count = settings.limits.workers
    if not count and not core.database.is_shared:
        message = "limits.workers is 0, and nobody else can work over SQLite"
        raise SettingsError(message, "Set limits.workers, or database.url to a PostgreSQL.")
    return EmbeddedWorkers(shop, count)


def _waker(settings: Settings, stack: ExitStack) -> ProcrastinateWaker:
    from reviewbot.runtime.procrastination import ProcrastinateWaker, prepare  # noqa: PLC0415 - an extra

    url = settings.database_url()
    prepare(url)
    waker = ProcrastinateWaker(url)
    stack.callback(waker.close)
    return waker
