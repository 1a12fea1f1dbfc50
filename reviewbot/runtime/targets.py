"""Makes the targets of a load run of the settings, or of an address that is given outright."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.domain.errors import SettingsError, UsageError
from reviewbot.lab.profile import Target
from reviewbot.models.catalogue import Catalogue, parse_price
from reviewbot.models.config import EndpointConfig, ModelConfig, RouteConfig
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.runtime.tiers import router_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reviewbot.domain.money import Price
    from reviewbot.models.catalogue import Tariff
    from reviewbot.runtime.settings import Settings

_MOST_BYTES_PER_TOKEN = 8  # of a prompt: what decides the size tier of a bound


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint given outright; *price* is ``INPUT/OUTPUT``, or empty for the catalogue's."""

    base_url: str
    api_key: str
    price: str


@dataclass(frozen=True, slots=True)
class Places:
    """Endpoints, and models with routes to them."""

    endpoints: tuple[EndpointConfig, ...]
    models: tuple[ModelConfig, ...]


def configured(settings: Settings, models: Sequence[str], endpoints: Sequence[str]) -> Places:
    """The configured routes, narrowed to some models and endpoints; raises SettingsError."""
    config = router_config(settings)
    _check_known("--endpoint", endpoints, [each.name for each in config.endpoints])
    if endpoints:
        config = config.at(endpoints)
    return narrowed(Places(config.endpoints, config.models), models)


def narrowed(places: Places, models: Sequence[str]) -> Places:
    """Some of the models, all where none is named; raises SettingsError for an unknown one."""
    _check_known("--model", models, [model.name for model in places.models])
    chosen = [model for model in places.models if not models or model.name in models]
    return Places(places.endpoints, tuple(chosen))


def given(address: Address, models: Sequence[str]) -> Places:
    """Some models at one address; raises UsageError or SettingsError."""
    parts = urlsplit(address.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"--base-url {address.base_url!r} is no address of an endpoint"
        raise UsageError(message, "Write one such as https://api.example.com/v1.")
    if not models:
        message = "--base-url needs a --model"
        raise UsageError(message, "Name it as that endpoint knows it; repeat it for several.")
    endpoint = EndpointConfig(parts.hostname, address.base_url, address.api_key)
    return Places(
        (endpoint,),
        tuple(
            ModelConfig(name, (RouteConfig(endpoint.name, name, _price(name, address.price)),))
            for name in models
        ),
    )


@contextmanager
def opened(places: Places, input_tokens: int) -> Iterator[list[Target]]:
    """A target for each route that has a price, named for its endpoint where that tells it apart.

    Raises SettingsError where nothing is left.
    """
    streamers = {each.name: StreamingEndpoint(each) for each in places.endpoints}
    try:
        yield _targets(places, streamers, input_tokens)
    finally:
        for streamer in streamers.values():
            streamer.close()


def _targets(
    places: Places, streamers: dict[str, StreamingEndpoint], input_tokens: int
) -> list[Target]:
    now = datetime.now(UTC)
    targets = []
    for model in places.models:
        for route in model.routes:
            price = route.price_of(now, input_tokens)
            worst = route.worst_price(now, input_tokens * _MOST_BYTES_PER_TOKEN)
            if price is None or worst is None:
                message = f"{model.name} at {route.endpoint} has no price, so it is not called"
                raise SettingsError(message, "Give the route a price, or leave it out by --model.")
            name = model.name if len(model.routes) == 1 else f"{model.name} @ {route.endpoint}"
            streamer = streamers[route.endpoint]
            targets.append(Target(name, route.upstream, streamer, price, worst))
    if not targets:
        message = "no route is left to load"
        raise SettingsError(message, "Check --model and --endpoint.")
    return targets


def _check_known(option: str, wanted: Iterable[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            message = f"{option} {name!r} is unknown"
            advice = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            raise SettingsError(message, advice)


def _price(model: str, price: str) -> Tariff | Price:
    if not price:
        try:
            return Catalogue.packaged().tariff(model)
        except SettingsError as error:
            message = f"the price of {model!r} is not known, so it is not called"
            raise SettingsError(
                message, "Say it with --price INPUT/OUTPUT, in USD per million tokens."
            ) from error
    try:
        return parse_price(price)
    except ValueError as error:
        message = f"--price {price!r} is no price"
        raise UsageError(
            message, "Write INPUT/OUTPUT in USD per million tokens, such as 0.15/0.60."
        ) from error
