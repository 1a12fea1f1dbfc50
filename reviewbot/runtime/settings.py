"""The server's configuration: one TOML file, every key also as an environment variable.

Secrets come only from the environment (``…_env`` names the variable) or from files (``…_file``).
Nothing is read from a reviewed checkout.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.invalid import explain
from reviewbot.domain.money import parse_usd
from reviewbot.domain.policy import Policy, Usd
from reviewbot.domain.sections import layered
from reviewbot.runtime.companion_settings import Companion
from reviewbot.runtime.config_file import as_text, read_file, read_toml
from reviewbot.runtime.environment import explain_environment, read_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reviewbot.domain.finding import Severity
    from reviewbot.domain.money import PicoUsd
    from reviewbot.runtime.config_file import ConfigText


_LONGEST = 86_400.0  # seconds


def _checked_address(text: str) -> str:
    address = urlsplit(text)
    if address.scheme not in {"http", "https"} or not address.netloc or " " in text:
        message = "write an address that begins with https:// or http://"
        raise ValueError(message)
    return text


def _checked_hedge(value: object) -> object:
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    if value != "p95" and not 0 < seconds <= _LONGEST:
        message = 'write seconds, or "p95"'
        raise ValueError(message)
    return value


Address = Annotated[str, AfterValidator(_checked_address)]
Seconds = Annotated[float, Field(gt=0, le=_LONGEST)]
Hedge = Annotated[float | Literal["p95"], BeforeValidator(_checked_hedge)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Days = Annotated[float, Field(gt=0, le=36_500)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[tuple[Name, ...], Field(min_length=1)]  # of repositories: acme/shop-*


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Server(_Section):
    """Where the web service listens, and who may read its metrics."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    threads: Count = 8
    read_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    public_url: Address | None = None
    metrics_token_env: str = ""
    metrics_token_file: str = ""


class DatabaseSection(_Section):
    """Where the ledger is kept; empty is a file in the user's data folder."""

    url: str = ""
    url_env: str = ""
    url_file: str = ""


class GitHub(_Section):
    """GitHub's addresses, the App's credentials, and a plain token for the command line."""

    api_url: Address = "https://api.github.com"
    server_url: Address = "https://github.com"
    graphql_url: Address | None = None
    app_id: str = ""
    private_key_env: str = ""
    private_key_file: str = ""
    webhook_secret_env: str = ""
    webhook_secret_file: str = ""
    previous_webhook_secret_env: str = ""
    previous_webhook_secret_file: str = ""
    credentials_dir: str = ""
    client_id: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    token: str = Field(default="", repr=False)


class Endpoint(_Section):
    """An OpenAI-compatible base URL, its key, and where the data goes.

    With *stream* reviews are asked for as streams, so that the time of the first token is known.
    *billing* ``reported`` takes the cost that the endpoint tells with each answer.
    """

    name: Name
    base_url: Address
    api_key_env: str = ""
    api_key_file: str = ""
    region: str = ""
    jurisdiction: str = ""
    proxy_env: str = ""
    stream: bool = False
    billing: Literal["price", "reported"] = "price"


class RoutePrice(_Section):
    """USD per million tokens."""

    input: Usd
    output: Usd
    cached: Usd | None = None
    cache_write: Usd | None = None


class Route(_Section):
    """A model at an endpoint; *price* is ``today``, a row of the catalogue, or amounts."""

    endpoint: Name
    model: Name
    price: Name | RoutePrice = "today"


class Model(_Section):
    """A model under the name that people know it by; the first route is preferred.

    With *routing* ``latency`` the route that answers soonest is preferred. *weight* is the per
    cent of its tier's questions that it is asked first; *shadow* the share of them that it is
    asked besides, to be compared and never posted.
    """

    name: Name
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    routing: Literal["order", "latency"] = "order"
    weight: Annotated[float, Field(ge=0, le=100)] | None = None
    shadow: Annotated[float, Field(ge=0, le=1)] = 0.0


class Tiers(_Section):
    """Models by tier, in order of preference."""

    cheap: tuple[Name, ...] = ()
    strong: tuple[Name, ...] = ()


class Organisation(_Section):
    """An owner, and the id of the repository with the defaults of all its policies."""

    owner: Name
    settings_repository_id: Annotated[int, Field(ge=1)]


def _checked_owners(organisations: tuple[Organisation, ...]) -> tuple[Organisation, ...]:
    owners = [each.owner.lower() for each in organisations]
    if len(set(owners)) < len(owners):
        message = "an owner has one settings repository, and is named once"
        raise ValueError(message)
    return organisations


class Budget(_Section):
    """Limits in USD that hold over all repositories; the repositories' own are in the policy.

    For the App: *author_share* is what one author may take of a repository's day,
    *repository_share* what one repository may take of an installation's month, never less than
    one pull request's limit. Second looks may fill each limit up to *escalation_share*; the
    rest is kept for first readings.
    """

    per_installation: Usd = parse_usd("500")
    per_server: Usd = parse_usd("500")
    author_share: Share = Decimal("0.20")
    repository_share: Share = Decimal("0.20")
    escalation_share: Share = Decimal("0.90")


class Limits(_Section):
    """How much at once, how long, how often; times in seconds."""

    calls_per_review: Count = 4
    calls_per_server: Count = 32
    workers: Annotated[int, Field(ge=0, le=10_000)] = 4  # 0: `reviewbot worker` does the work
    reviews_per_repository: Count = 2
    reviews_per_server: Count = 8
    debounce_seconds: Annotated[float, Field(ge=0, le=3600)] = 20.0
    lease_seconds: Seconds = 60.0
    review_attempts: Count = 5
    review_seconds: Seconds = 900.0
    connect_seconds: Seconds = 5.0
    cheap_seconds: Seconds = 60.0
    strong_seconds: Seconds = 120.0
    first_token_seconds: Seconds = 30.0
    call_attempts: Count = 3
    hedge_after: Hedge | None = None
    budget_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    probe_seconds: Seconds = 30.0
    sla: Annotated[float, Field(gt=0, le=100)] | None = None
    audit_share: Annotated[float, Field(ge=0, le=1)] = 0.02


class Retention(_Section):
    """How long what is kept, in days, and how much of it; prompts are never kept."""

    calls_days: Days = 760.0
    answers_days: Days = 30.0
    answers_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    deliveries_days: Days = 7.0
    egress_days: Days = 400.0


class Alerts(_Section):
    """Where alerts about limits are posted as JSON besides log and metrics; empty is nowhere."""

    url_env: str = ""
    url_file: str = ""


class DashboardSection(_Section):
    """Who may look at the costs pages, beside whoever signs in with GitHub.

    *url* is where people reach them; *admins* are logins that see everything; *teams* are names
    for repositories that belong together, by patterns such as ``acme/shop-*``.
    """

    url: Address | None = None
    token_env: str = ""
    token_file: str = ""
    admins: tuple[Name, ...] = ()
    session_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    teams: dict[Name, Patterns] = {}


class Quick(_Section):
    """The start without a file: one endpoint, two models."""

    api_key: str = Field(default="", repr=False)
    base_url: Address | None = None
    cheap_model: str = ""
    strong_model: str = ""
    cheap_price: str = ""
    strong_price: str = ""


class Values(_Section):
    """Everything that can be configured."""

    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    github: GitHub = GitHub()
    endpoints: tuple[Endpoint, ...] = ()
    models: tuple[Model, ...] = ()
    tiers: Tiers = Tiers()
    policy: Policy = Policy()
    organisations: Annotated[tuple[Organisation, ...], AfterValidator(_checked_owners)] = ()
    budget: Budget = Budget()
    limits: Limits = Limits()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    dashboard: DashboardSection = DashboardSection()
    companion: Companion = Companion()
    quick: Quick = Quick()


class Settings:
    """Checked values, and the secrets that they refer to."""

    def __init__(self, values: Values, environ: Mapping[str, str]) -> None:
        self.values = values
        self._environ = environ

    @property
    def github(self) -> GitHub:
        """GitHub's section."""
        return self.values.github

    @property
    def limits(self) -> Limits:
        """The limits' section."""
        return self.values.limits

    def gated(self, severity: Severity) -> Settings:
        """These settings with a gate, as ``--fail-on`` sets it."""
        return self.with_policy(fail_on=severity)

    def with_policy(self, **values: object) -> Settings:
        """These settings with other defaults in the policy."""
        policy = self.values.policy.model_copy(update=values)
        return Settings(self.values.model_copy(update={"policy": policy}), self._environ)

    def with_budget(self, most: PicoUsd) -> Settings:
        """These settings with *most* as each pull request's and repository's limit."""
        limits = dict.fromkeys(("per_pr", "per_day", "per_month", "approve_above"), most)
        budget = self.values.policy.budget.model_copy(update=limits)
        return self.with_policy(budget=budget)

    def with_ledger(self, url: str, answers_mb: int) -> Settings:
        """These settings with another place for the ledger, and room there where none is named."""
        values = self.values
        database = values.database.model_copy(update={"url": url})
        kept = {"answers_mb": answers_mb} | values.retention.model_dump(exclude_unset=True)
        changed = {"database": database, "retention": values.retention.model_copy(update=kept)}
        return Settings(values.model_copy(update=changed), self._environ)

    def with_github(self, **values: str) -> Settings:
        """These settings with other values in GitHub's section."""
        github = self.values.github.model_copy(update=values)
        return Settings(self.values.model_copy(update={"github": github}), self._environ)

    def with_variables(self, variables: Mapping[str, str]) -> Settings:
        """These settings, which find more secrets in their environment."""
        return Settings(self.values, {**self._environ, **variables})

    def database_url(self) -> str:
        """Where the ledger is kept."""
        section = self.values.database
        if section.url_env or section.url_file:
            return self.secret("database.url", section.url_env, section.url_file)
        if section.url:
            return section.url
        return f"sqlite:///{platformdirs.user_data_path('reviewbot') / 'ledger.db'}"

    def alerts_url(self) -> str:
        """Where alerts are posted; empty is nowhere."""
        section = self.values.alerts
        if not section.url_env and not section.url_file:
            return ""
        return self.secret("alerts.url", section.url_env, section.url_file)

    def secret(self, key: str, variable: str, file: str) -> str:
        """A secret's value; raises SettingsError with what to do if there is none."""
        if variable:
            value = self._environ.get(variable, "").strip()
            if not value:
                message = f"the environment variable {variable} is not set"
                raise SettingsError(message, f"{key}_env names it; set it to the secret.")
            return value
        if file:
            return read_file(Path(file), key).strip()
        message = f"{key} is missing"
        raise SettingsError(
            message, f"Set {key}_env to a variable's name, or {key}_file to a path."
        )


def load_settings(environ: Mapping[str, str], config: Path | ConfigText | None = None) -> Settings:
    """Read file and environment; raises SettingsError naming source, key and the nearest one."""
    values: dict[str, Any] = {}
    if config is not None:
        said = as_text(config)
        values = read_toml(said)
        _validated(values, lambda error: explain(error, Values, said.name))
    overlay = read_environment(environ, Values)
    joined = layered(values, overlay)
    return Settings(
        _validated(joined, lambda error: explain_environment(error, Values, environ)), environ
    )


def _validated(values: Mapping[str, Any], explained: Callable[[ValidationError], str]) -> Values:
    try:
        return Values.model_validate(values)
    except ValidationError as error:
        raise SettingsError(explained(error), "See docs/configuration.md for all keys.") from error
