"""The core that all ways in share: ledger, models and GitHub behind the ports of a review."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import SettingsError
from reviewbot.github.organisation import OrganisationPolicies
from reviewbot.ledger.database import open_database
from reviewbot.ledger.facts import Facts
from reviewbot.ledger.house import adopt_secret, secret_of
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.postings import Postings
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.ledger.verdicts import Verdicts
from reviewbot.models.clock import Clock
from reviewbot.models.rollout import Rollout
from reviewbot.models.router import Router
from reviewbot.review.conduct import review_pull_request
from reviewbot.review.house import NO_EXTRAS, Extras, House, Shares
from reviewbot.review.ports import Ports
from reviewbot.runtime.attended import Attended
from reviewbot.runtime.retention import throw_away_daily
from reviewbot.runtime.same_head import SameHeadForge
from reviewbot.runtime.side_by_side import SideBySide
from reviewbot.runtime.tiers import router_config, yardstick_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.outcome import Outcome
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey, ReviewRequest
    from reviewbot.github.auth import TokenSource
    from reviewbot.github.client import GitHubClient
    from reviewbot.github.conversation import Conversation
    from reviewbot.ledger.alerts import Alert
    from reviewbot.ledger.database import Database
    from reviewbot.models.config import RouterConfig
    from reviewbot.review.ports import Forge, Observer
    from reviewbot.review.quote import Quote
    from reviewbot.runtime.settings import Settings

_HEAD_START = 2.0  # seconds, in which an endpoint has read the first request's prompt
_LONGEST_DRAW = 2**64


@dataclass(frozen=True, slots=True)
class Core:
    """Reviews pull requests; safe between threads."""

    settings: Settings
    database: Database
    ledger: SqlLedger
    router: Router
    secret: bytes
    model: Rollout
    organisations: OrganisationPolicies

    def review(
        self,
        request: ReviewRequest,
        forge: Forge,
        observer: Observer,
        max_cost: PicoUsd | None = None,
        extras: Extras = NO_EXTRAS,
    ) -> Outcome:
        """Review one pull request for whoever is there and pays; *max_cost* bounds this review."""
        house = replace(self.house(), per_review=max_cost, extras=extras)
        ports = self.ports(forge, observer)
        there = replace(ports, rulings=Attended(ports.rulings))
        outcome = review_pull_request(request, there, house)
        throw_away_daily(self.database, self.settings.values.retention)
        return outcome

    def review_unattended(
        self, request: ReviewRequest, forge: Forge, observer: Observer
    ) -> Outcome:
        """Review one pull request for an event; what is dear waits for approval."""
        return review_pull_request(request, self.ports(forge, observer), self.house())

    def quote(self, request: ReviewRequest, forge: Forge, observer: Observer) -> Quote:
        """What a review would cost; nothing is asked or written."""
        from reviewbot.review.quote import quote_pull_request

        return quote_pull_request(request, self.ports(forge, observer), self.house())

    def forge_with_token(self) -> Forge:
        """GitHub with GITHUB_TOKEN; raises SettingsError without one."""
        from reviewbot.github.auth import StaticToken

        token = self.settings.github.token
        if not token:
            message = "GITHUB_TOKEN is not set"
            raise SettingsError(message, "Set it to a token that may read the pull request.")
        return self.forge(StaticToken(token), 0)

    def forge(self, tokens: TokenSource, installation_id: int) -> Forge:
        """GitHub with the tokens of one installation."""
        from reviewbot.github.forge import GitHubForge
        from reviewbot.github.markers import Marker

        client, marker = self._client(tokens, installation_id), Marker(self.secret)
        forge = GitHubForge(client, Postings(self.database), marker, self.organisations)
        return SameHeadForge(forge, Verdicts(self.database))

    def posted(
        self, tokens: TokenSource, installation_id: int, repository: str, pull: PullKey
    ) -> Sequence[PostedFinding]:
        """What was posted on a pull request's lines, and what people did with it."""
        from reviewbot.github.author import OwnWords
        from reviewbot.github.markers import Marker
        from reviewbot.github.posted import OnLines
        from reviewbot.github.threads import Threads

        with closing(self._client(tokens, installation_id)) as client:
            words = OwnWords(client, Marker(self.secret))
            return OnLines(client, words, Threads(client)).of(repository, pull)

    def conversation(self, tokens: TokenSource, installation_id: int) -> Conversation:
        """Comments on GitHub, with the tokens of one installation."""
        from reviewbot.github.conversation import Conversation
        from reviewbot.github.markers import Marker

        client = self._client(tokens, installation_id)
        return Conversation(client, Postings(self.database), Marker(self.secret))

    def _client(self, tokens: TokenSource, installation_id: int) -> GitHubClient:
        from reviewbot.github.client import GitHubClient

        github = self.settings.github
        url = str(github.graphql_url or "")
        return GitHubClient(github.api_url, tokens, installation_id, graphql_url=url)

    def doubt_summary(self, pull: PullKey) -> None:
        """Look for the sticky summary before writing it: a ledger that was lost may know it."""
        from reviewbot.github.publisher import summary_key

        Postings(self.database).intend(summary_key(pull))

    def spent(self, pull: PullKey) -> PicoUsd:
        """What a pull request has cost so far, presumed cost included."""
        return Reviews(self.database).money("", pull).pr_total

    def ports(self, forge: Forge, observer: Observer) -> Ports:
        """Every effect that a review may have."""
        return Ports(
            forge=forge,
            model=self.model,
            answers=self.ledger,
            journal=Reviews(self.database),
            observer=observer,
            side_by_side=SideBySide(
                self.settings.limits.calls_per_review,
                _HEAD_START if self.router.caches_prefixes else 0.0,
                self.router.get_ready,
            ),
            rulings=SqlRulings(self.database),
        )

    def house(self) -> House:
        """What the server decides for every review."""
        values = self.settings.values
        return House(
            policy=values.policy,
            per_installation=values.budget.per_installation,
            per_server=values.budget.per_server,
            audited=_draw(self.secret, values.limits.audit_share),
            shares=Shares(
                author=values.budget.author_share,
                repository=values.budget.repository_share,
                escalation=values.budget.escalation_share,
            ),
        )


@contextmanager
def open_core(
    settings: Settings,
    hears: Callable[[Alert], object] = lambda _alert: None,
    config: RouterConfig | None = None,
    secret: bytes | None = None,
) -> Iterator[Core]:
    """Open the ledger and make everything ready; *hears* is told of limits that fill up.

    *config* takes the place of the models that the settings name, *secret* that of a new ledger's
    random one. Raises SettingsError or LedgerError.
    """
    config = config or router_config(settings)
    with ExitStack() as stack:
        database = open_database(settings.database_url())
        stack.callback(database.close)
        migrate(database)
        if secret is not None:
            adopt_secret(database, secret)
        patience = settings.limits.budget_wait_seconds
        ledger = SqlLedger(database, patience=patience, hears=hears, yardstick=yardstick_of(config))
        router = Router(config, ledger, Clock.real(), settings.limits.calls_per_server)
        router.remember_in(Facts(database))
        stack.callback(router.close)
        rollout = Rollout(router, config)
        stack.callback(rollout.close)
        pins = {
            each.owner.lower(): each.settings_repository_id
            for each in settings.values.organisations
        }
        yield Core(
            settings,
            database,
            ledger,
            router,
            secret_of(database),
            rollout,
            OrganisationPolicies(pins),
        )


def _draw(secret: bytes, share: float) -> Callable[[str], bool]:
    """Draws by answer key; who does not know the secret cannot foretell it."""

    def drawn(key: str) -> bool:
        digest = hmac.digest(secret, f"audit:{key}".encode(), hashlib.sha256)
        return int.from_bytes(digest[:8]) < share * _LONGEST_DRAW

    return drawn
