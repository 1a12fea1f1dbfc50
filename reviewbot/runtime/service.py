"""The service: deliveries come in, workers take them from the desk."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.command import CommandWish
from reviewbot.domain.errors import SettingsError
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.ledger.commands import CommandRules, Commands
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.runtime.clerk import Clerk
from reviewbot.runtime.core import open_core
from reviewbot.runtime.metrics import Metrics
from reviewbot.runtime.work import Workshop
from reviewbot.runtime.workers import EmbeddedWorkers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.pull_request import Wish
    from reviewbot.github.auth import TokenSource
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.procrastination import ProcrastinateWaker
    from reviewbot.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Everything behind the web service and the workers."""

    core: Core
    desk: Desk
    commands: Commands
    shop: Workshop
    metrics: Metrics
    webhook_secrets: tuple[str, ...]
    workers: EmbeddedWorkers | None

    def record(self, delivery_id: str, wish: Wish | CommandWish) -> bool:
        """Remember what an event asks for; False if that is known already."""
        if isinstance(wish, CommandWish):
            fresh = self.commands.record(wish)
        else:
            fresh = self.desk.record(delivery_id, wish)
        if self.workers is not None:
            self.workers.wake()
        return fresh


@contextmanager
def open_service(settings: Settings, *, embedded: bool = True) -> Iterator[Service]:
    """Make the service ready, with workers inside or without; stops them at the end.

    Raises SettingsError or LedgerError.
    """
    secrets = webhook_secrets(settings)
    tokens = app_tokens(settings)
    with ExitStack() as stack:
        core = stack.enter_context(open_core(settings))
        waker = _waker(settings, core, stack)
        desk = Desk(core.database, desk_rules(settings), waker=waker)
        commands = Commands(core.database, command_rules(settings))
        metrics = Metrics()
        metrics.watch(desk, core.router)
        shop = _shop(core, desk, commands, tokens, metrics)
        workers = _workers(shop, settings, core) if embedded else None
        if workers is not None:
            stack.callback(workers.stop)
            workers.start()
        yield Service(core, desk, commands, shop, metrics, secrets, workers)


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


def _shop(
    core: Core, desk: Desk, commands: Commands, tokens: TokenSource, metrics: Metrics
) -> Workshop:
    clerk = Clerk(
        core=core,
        desk=desk,
        commands=commands,
        rulings=SqlRulings(core.database),
        forge=lambda installation_id: core.forge(tokens, installation_id),
        conversation=lambda installation_id: core.conversation(tokens, installation_id),
    )
    return Workshop(
        desk=desk,
        forge=clerk.forge,
        review=core.review_unattended,
        metrics=metrics,
        review_seconds=core.settings.limits.review_seconds,
        clerk=clerk,
    )


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


def _workers(shop: Workshop, settings: Settings, core: Core) -> EmbeddedWorkers:
    count = settings.limits.workers
    if not count and not core.database.is_shared:
        message = "limits.workers is 0, and nobody else can work over SQLite"
        raise SettingsError(message, "Set limits.workers, or database.url to a PostgreSQL.")
    return EmbeddedWorkers(shop, count)


def _waker(settings: Settings, core: Core, stack: ExitStack) -> ProcrastinateWaker | None:
    if not core.database.is_shared:
        return None
    from reviewbot.runtime.procrastination import ProcrastinateWaker, prepare  # noqa: PLC0415 - an extra

    url = settings.database_url()
    prepare(url)
    waker = ProcrastinateWaker(url)
    stack.callback(waker.close)
    return waker
