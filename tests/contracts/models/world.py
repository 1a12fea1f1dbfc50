"""Values that the tests of endpoint and router share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.pull_request import PullKey
from reviewbot.models.catalogue import flat_price
from reviewbot.models.clock import Clock
from reviewbot.models.config import (
    EndpointConfig,
    ModelConfig,
    Patience,
    RouteConfig,
    RouterConfig,
)
from reviewbot.review.ports import Limits, Prompt, Purse, Question

if TYPE_CHECKING:
    from reviewbot.domain.money import Price
    from reviewbot.domain.policy import Data

KEY = "0123456789abcdef-private"
PRICE = flat_price("1", "2")
PROMPT = Prompt("Answer with JSON.", "x = 1", '{"type":"object"}')
_LOTS = PicoUsd(10**18)


@dataclass
class Hours:
    """Time that passes only by sleeping."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
        return Clock(lambda: noon, lambda: self.seconds, self.sleep)


def endpoint(name: str, url: str, jurisdiction: str = "EU") -> EndpointConfig:
    return EndpointConfig(name, url, KEY, jurisdiction=jurisdiction)


def config(
    *endpoints: EndpointConfig, price: Price | None = PRICE, patience: Patience | None = None
) -> RouterConfig:
    """One cheap model with a route to each endpoint, in order."""
    routes = tuple(RouteConfig(each.name, "small", price) for each in endpoints)
    return RouterConfig(
        endpoints,
        (ModelConfig("small-model", routes),),
        cheap=("small-model",),
        patience=patience or Patience(),
    )


def purse(data: Data | None = None) -> Purse:
    limits = Limits(_LOTS, _LOTS, _LOTS, _LOTS, _LOTS)
    return Purse("review-1", PullKey(1, 2), "team/code", 3, "a" * 40, limits, data)


def question(*weights: int, data: Data | None = None) -> Question:
    """A question about as many chunks as weights, each answered with the same text."""
    weights = weights or (1,)

    def divide(text: str) -> tuple[str, ...]:
        try:
            json.loads(text)
        except ValueError as error:
            message = "the answer is no JSON"
            raise BadAnswer(message) from error
        return tuple(text for _ in weights)

    keys = tuple(f"key-{i}" for i in range(len(weights)))
    return Question(Tier.CHEAP, PROMPT, keys, weights, divide, 50, "a.py", data=data)
