"""Makes the router's configuration of the settings: keys resolved, prices known."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Price, per_million, plain_usd
from reviewbot.models.catalogue import Catalogue, Row, Tariff, parse_price
from reviewbot.models.config import (
    Billing,
    EndpointConfig,
    ModelConfig,
    Patience,
    RouteConfig,
    RouterConfig,
    Routing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from reviewbot.runtime.settings import Endpoint, Limits, Model, Route, Settings

_OPENAI = "https://api.openai.com/v1"
_DEFAULT_MODELS = ("gpt-6-luna", "gpt-6.1-terra")  # at OpenAI: cheap, strong


def router_config(settings: Settings) -> RouterConfig:
    """Endpoints, models, tiers; raises SettingsError naming what is missing or unknown."""
    catalogue = Catalogue.packaged()
    if settings.values.endpoints or settings.values.models:
        return _from_sections(settings, catalogue)
    return _quick(settings, catalogue)


def endpoint_names(settings: Settings) -> tuple[str, ...]:
    """What the configured endpoints are called; asks for no secret."""
    values = settings.values
    if values.endpoints or values.models:
        return tuple(each.name for each in values.endpoints)
    return (_host(values.quick.base_url or _OPENAI),)


def yardstick_of(config: RouterConfig) -> Callable[[datetime, int], Price | None]:
    """The price of the preferred strong model at its preferred route, at any time."""
    model = next(iter(config.tier(Tier.STRONG)), None)
    return model.routes[0].price_of if model else lambda _at, _tokens: None


def configured_tariffs(settings: Settings) -> list[Tariff]:
    """What bills each configured route, named for model and endpoint; asks for no secret."""
    catalogue = Catalogue.packaged()
    return [
        _tariff(f"{model.name} @ {route.endpoint}", _price(route, model.name, catalogue))
        for model in settings.values.models
        for route in model.routes
    ]


def _tariff(name: str, price: Tariff | Price) -> Tariff:
    if isinstance(price, Price):
        return Tariff(name, (Row(name, price),))
    return Tariff(name, price.rows)


def _from_sections(settings: Settings, catalogue: Catalogue) -> RouterConfig:
    values = settings.values
    endpoints = tuple(_endpoint(each, settings) for each in values.endpoints)
    known = {each.name for each in endpoints}
    models = tuple(_model(each, known, catalogue) for each in values.models)
    names = [model.name for model in models]
    for tier, wanted in (("cheap", values.tiers.cheap), ("strong", values.tiers.strong)):
        _check_known(f"tiers.{tier}", wanted, names)
    if not values.tiers.cheap:
        message = "tiers.cheap names no model"
        raise SettingsError(message, f"Name one or more of: {', '.join(names) or 'no models'}.")
    tiers = values.tiers
    config = RouterConfig(endpoints, models, tiers.cheap, tiers.strong, _patience(settings.limits))
    if not config.tier(Tier.CHEAP):
        message = "tiers.cheap names shadows only, whose answers are never used"
        raise SettingsError(message, "Name a model without shadow there.")
    return config


def _endpoint(section: Endpoint, settings: Settings) -> EndpointConfig:
    key = settings.secret(
        f"endpoints.{section.name}.api_key", section.api_key_env, section.api_key_file
    )
    proxy = section.proxy_env and settings.secret("proxy", section.proxy_env, "")
    return EndpointConfig(
        section.name,
        section.base_url,
        key,
        section.region,
        section.jurisdiction,
        proxy,
        section.stream,
        Billing(section.billing),
    )


def _model(section: Model, endpoints: Iterable[str], catalogue: Catalogue) -> ModelConfig:
    for route in section.routes:
        _check_known(f"models.{section.name}.routes", [route.endpoint], endpoints)
    return ModelConfig(
        section.name,
        tuple(
            RouteConfig(route.endpoint, route.model, _price(route, section.name, catalogue))
            for route in section.routes
        ),
        Routing(section.routing),
        section.weight,
        section.shadow,
    )


def _check_known(key: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    for name in wanted:
        if name not in known:
            message = f"{key} names {name!r}, which is not configured"
            raise SettingsError(message, f"Configured are: {', '.join(known) or 'none'}.")


def _price(route: Route, name: str, catalogue: Catalogue) -> Tariff | Price:
    price = route.price
    if not isinstance(price, str):
        return Price(
            input=_per_token(price.input),
            output=_per_token(price.output),
            cached=_per_token(price.input if price.cached is None else price.cached),
            cache_write=_per_token(price.input if price.cache_write is None else price.cache_write),
        )
    if price == "today":
        price = route.model if route.model in catalogue.today else name
    try:
        return catalogue.tariff(price)
    except SettingsError as error:
        message = f"models.{name}.routes: {error}"
        raise SettingsError(message, error.advice) from error


def _per_token(usd: PicoUsd) -> PicoUsd:
    try:
        return per_million(plain_usd(usd))
    except ValueError as error:
        raise SettingsError(str(error), "Prices are USD per million tokens.") from error


# --- the start without a file ----------------------------------------------------------------


def _quick(settings: Settings, catalogue: Catalogue) -> RouterConfig:
    quick = settings.values.quick
    if not quick.api_key:
        message = "no model endpoint is configured: REVIEWBOT_API_KEY is not set"
        raise SettingsError(
            message,
            "Set REVIEWBOT_API_KEY (and REVIEWBOT_BASE_URL, REVIEWBOT_CHEAP_MODEL for anything"
            " but OpenAI), or name a file with --config. Without a key, try: reviewbot demo",
        )
    default_cheap, default_strong = _DEFAULT_MODELS if quick.base_url is None else ("", "")
    cheap = quick.cheap_model or default_cheap
    strong = quick.strong_model or ("" if quick.cheap_model else default_strong)
    if not cheap:
        message = "REVIEWBOT_BASE_URL is set, but REVIEWBOT_CHEAP_MODEL is not"
        raise SettingsError(message, "Set it to a model's name as that endpoint knows it.")
    prices = [(cheap, quick.cheap_price, "CHEAP")]
    if strong and strong != cheap:
        prices.append((strong, quick.strong_price, "STRONG"))
    base_url = quick.base_url or _OPENAI
    endpoint = EndpointConfig(_host(base_url), base_url, quick.api_key)
    models = tuple(
        ModelConfig(
            name, (RouteConfig(endpoint.name, name, _quick_price(name, price, level, catalogue)),)
        )
        for name, price, level in prices
    )
    tier = (strong,) if strong else ()
    return RouterConfig((endpoint,), models, (cheap,), tier, _patience(settings.limits))


def _host(base_url: str) -> str:
    """What people know an address by; credentials in it are not shown."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def _quick_price(name: str, price: str, tier: str, catalogue: Catalogue) -> Tariff | Price:
    if not price:
        try:
            return catalogue.tariff(name)
        except SettingsError as error:
            variable = f"REVIEWBOT_{tier}_PRICE"
            message = f"the price of {name!r} is not known, so it is not called"
            advice = f"Set {variable} to INPUT/OUTPUT in USD per million tokens, as in 0.15/0.60."
            near = error.advice.startswith("did you mean")
            raise SettingsError(
                message, f"{advice} Or {error.advice}" if near else advice
            ) from error
    try:
        return parse_price(price)
    except ValueError as error:
        message = f"REVIEWBOT_{tier}_PRICE is {price!r}, which is no price"
        raise SettingsError(
            message, "Write INPUT/OUTPUT in USD per million tokens, such as 0.15/0.60."
        ) from error


def _patience(limits: Limits) -> Patience:
    return Patience(
        connect=limits.connect_seconds,
        cheap=limits.cheap_seconds,
        first_token=limits.first_token_seconds,
        hedge=limits.hedge_after,
        strong=limits.strong_seconds,
        attempts=limits.call_attempts,
        lease_margin=limits.lease_seconds,
    )
