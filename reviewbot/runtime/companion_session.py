"""A job's side of the companion: buys one session, and makes a model endpoint of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.errors import CompanionError, UsageError
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import plain_usd
from reviewbot.domain.policy import Patterns, Usd
from reviewbot.github.id_token import LOOPBACK
from reviewbot.models.catalogue import flat_price
from reviewbot.models.config import (
    EndpointConfig,
    ModelConfig,
    Patience,
    RouteConfig,
    RouterConfig,
)
from reviewbot.models.faults import Refusal, tidy
from reviewbot.models.transport import guarded_client
from reviewbot.runtime.companion_advice import advice_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.money import PicoUsd
    from reviewbot.runtime.settings import Limits

PATH = "/companion/"
_NAME = "companion"  # of the endpoint
_SECONDS = 30.0  # for a whole answer, but that to a question
_CONNECT = 5.0  # seconds
_ANSWER_SECONDS = 300.0  # a companion waits for room in budgets, and asks several endpoints
_PAUSES = (1.0, 4.0)  # seconds before the second and the third try
_PASSING = frozenset({429, 502, 503, 504})
_ELSEWHERE = range(300, 400)
_NOBODY = "nobody"  # whose session is none
T = TypeVar("T", bound=BaseModel)


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Bounds(_Said):
    """The limits in USD that hold under the companion's configuration and the policy."""

    per_pr: Usd
    per_day: Usd
    per_month: Usd


class _Sold(_Said):
    session: Annotated[str, Field(pattern=r"^[\x21-\x7e]{20,200}$")]
    seal: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    budget: Bounds
    redaction: Patterns = ()


class _Pricing(_Said):
    input: str
    output: str
    cached: str
    cache_write: str


class _Offer(_Said):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    tier: Tier
    name: Annotated[str, Field(min_length=1, max_length=200)]
    pricing: _Pricing


class _Offers(_Said):
    data: Annotated[tuple[_Offer, ...], Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was bought. *seal* lasts from run to run, for one pull request.

    *redaction* are patterns of what leaves nowhere; *models* are one a tier.
    """

    url: str
    token: str = field(repr=False)
    seal: str = field(repr=False)
    bounds: Bounds
    redaction: tuple[str, ...]
    models: dict[Tier, ModelConfig]

    def router_config(self, limits: Limits) -> RouterConfig:
        """The companion as the one endpoint of its tiers."""
        endpoint = EndpointConfig(_NAME, f"{self.url}{PATH}v1", self.token, is_companion=True)
        tiers = {tier: (model.name,) for tier, model in self.models.items()}
        return RouterConfig(
            (endpoint,),
            tuple(self.models.values()),
            tiers[Tier.CHEAP],
            tiers.get(Tier.STRONG, ()),
            _patience(limits),
        )


def _patience(limits: Limits) -> Patience:
    """Longer than with an endpoint, unless somebody says otherwise: it tries for itself."""
    stated = limits.model_fields_set
    return Patience(
        connect=limits.connect_seconds,
        cheap=limits.cheap_seconds if "cheap_seconds" in stated else _ANSWER_SECONDS,
        strong=limits.strong_seconds if "strong_seconds" in stated else _ANSWER_SECONDS,
        attempts=limits.call_attempts,
        lease_margin=limits.lease_seconds,
    )


def companion_address(text: str) -> str:
    """The address that workflows name, and their tokens as their audience; raises UsageError."""
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        message = "companion-url is no https address"
        raise UsageError(message, "Write the companion's own address, https://HOST.")
    return text.rstrip("/")


def buy_session(
    url: str,
    id_token: Callable[[], str],
    number: int,
    max_cost: PicoUsd,
    sleep: Callable[[float], None] = time.sleep,
) -> Session:
    """One session for a pull request; raises CompanionError, or what *id_token* raises.

    A token opens one session at the most, so every try shows a fresh one.
    """
    wish = {"pull_request": number, "max_cost_usd": plain_usd(max_cost)}
    for pause in _PAUSES:
        status, body = _exchange("POST", url, "session", id_token(), wish)
        if status not in _PASSING:
            break
        sleep(pause)
    else:
        status, body = _exchange("POST", url, "session", id_token(), wish)
    sold = _read(_Sold, url, _checked(url, status, body))
    status, body = _exchange("GET", url, "v1/models", sold.session)
    offers = _read(_Offers, url, _checked(url, status, body))
    return Session(url, sold.session, sold.seal, sold.budget, sold.redaction, _models(url, offers))


def greet(url: str) -> str:
    """Say that a companion answers there; raises CompanionError."""
    status, body = _exchange("GET", url, "v1/models", _NOBODY)
    code = Refusal.read(status, {}, _loaded(body)).code.split(" ", 1)[0]
    if status != HTTPStatus.UNAUTHORIZED or code != "session-over":
        raise _no_companion(url)
    return f"a companion answers at {url}"


def _models(url: str, offers: _Offers) -> dict[Tier, ModelConfig]:
    """The tiers under the names of the models that answer, as a rule."""
    found: dict[Tier, ModelConfig] = {}
    try:
        for offer in offers.data:
            if offer.id == offer.tier.value:
                found[offer.tier] = _model(offer)
    except ValueError:
        raise _no_companion(url) from None
    if Tier.CHEAP not in found:
        raise _no_companion(url)
    cheap, strong = found[Tier.CHEAP], found.get(Tier.STRONG)
    if strong is not None and strong.name == cheap.name:
        found[Tier.STRONG] = replace(strong, name=f"{strong.name} (strong)")
    return found


def _model(offer: _Offer) -> ModelConfig:
    said = offer.pricing
    price = flat_price(said.input, said.output, said.cached, said.cache_write)
    return ModelConfig(offer.name, (RouteConfig(_NAME, offer.id, price),))


# --- HTTP ------------------------------------------------------------------------------------


def _exchange(
    method: str, url: str, path: str, token: str, said: object = None
) -> tuple[int, bytes]:
    """Status and body of one request; an unreachable companion is an error, not a status."""
    timeout = httpx2.Timeout(_SECONDS, connect=_CONNECT)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    try:
        with guarded_client() as client:
            answer = client.request(
                method, f"{url}{PATH}{path}", json=said, headers=headers, timeout=timeout
            )
            return answer.status_code, answer.content
    except (httpx2.TransportError, httpx2.InvalidURL, ValueError) as error:
        slow = isinstance(error, httpx2.ReadTimeout)
        why = "does not answer in time" if slow else "cannot be reached"
        message = f"the companion at {_host(url)} {why}"
        advice = "Check companion-url, that `reviewbot serve` runs there, and the network between."
        raise CompanionError(message, advice) from None


def _checked(url: str, status: int, body: bytes) -> bytes:
    if status in range(200, 300):
        return body
    if status == HTTPStatus.NOT_FOUND or status in _ELSEWHERE:
        raise _no_companion(url)
    refusal = Refusal.read(status, {}, _loaded(body))
    code = refusal.code.split(" ", 1)[0]
    told = tidy(refusal.message) or f"it answered {status}"
    message = f"the companion at {_host(url)} gives this job no session: {told}"
    raise CompanionError(message, advice_for(code))


def _read(model: type[T], url: str, body: bytes) -> T:
    try:
        return model.model_validate_json(body)
    except ValidationError:
        raise _no_companion(url) from None


def _loaded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return ""


def _no_companion(url: str) -> CompanionError:
    message = f"{_host(url)} answers, but not as a companion"
    return CompanionError(message, "Set `companion.url` there, and companion-url to the same here.")


def _host(url: str) -> str:
    return urlsplit(url).netloc
