"""The price matrix: what a model's tokens cost at a moment, and at the most.

``today`` rows bill and reserve; ``article`` rows are for display and ratios only.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.money import PicoUsd, Price, per_million

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HORIZON = timedelta(hours=1)  # no attempt lasts longer: what it is billed at lies within


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the week, in UTC, with prices of its own; Monday is day 0."""

    days: frozenset[int]
    begin: time
    end: time
    price: Price

    def covers(self, at: datetime) -> bool:
        """Whether *at*, in UTC, lies inside."""
        return at.weekday() in self.days and self.begin <= at.time() < self.end


@dataclass(frozen=True, slots=True)
class SizeTier:
    """Prices of a whole request whose input is larger than *above* tokens."""

    above: int
    price: Price


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix, in force from *since* until the day before *until*."""

    model: str
    price: Price
    context: int = 0  # tokens; 0 where nobody said
    since: date = date.min
    until: date = date.max
    tiers: tuple[SizeTier, ...] = ()  # ascending
    windows: tuple[Window, ...] = ()

    def holds(self, at: datetime) -> bool:
        """Whether the row is in force at *at*."""
        return self.since <= at.date() < self.until

    def price_at(self, at: datetime, input_tokens: int) -> Price:
        """The price of a request of that size at that moment."""
        reached = [tier.price for tier in self.tiers if input_tokens > tier.above]
        covering = [window.price for window in self.windows if window.covers(at)]
        base = reached[-1] if reached else self.price
        return dearest([base, *covering]) if covering else base

    def worst_price(self, most_tokens: int | None) -> Price:
        """The most that a request of at most so many tokens may be billed at, at any time."""
        reachable = [
            tier.price for tier in self.tiers if most_tokens is None or most_tokens > tier.above
        ]
        return dearest([self.price, *reachable, *(window.price for window in self.windows)])


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one model costs over time; a route is billed by it."""

    model: str
    rows: tuple[Row, ...]

    def price_of(self, at: datetime, input_tokens: int) -> Price:
        """The price of a request of that size at *at*; raises SettingsError where none holds."""
        utc = at.astimezone(UTC)
        return self.row(utc).price_at(utc, input_tokens)

    def worst_price(self, at: datetime, most_tokens: int | None = None) -> Price:
        """What a reservation needs: the maximum over windows, reachable tiers and the next hour."""
        utc = at.astimezone(UTC)
        rows = {self.row(utc), *(row for row in self.rows if row.holds(utc + _HORIZON))}
        return dearest(row.worst_price(most_tokens) for row in rows)

    def context(self, at: datetime) -> int:
        """How many tokens the model can read; 0 where nobody said."""
        return self.row(at.astimezone(UTC)).context

    def holds(self, at: datetime) -> bool:
        """Whether there is a price at *at*."""
        utc = at.astimezone(UTC)
        return any(row.holds(utc) for row in self.rows)

    def row(self, at: datetime) -> Row:
        """The row in force at *at*, in UTC; raises SettingsError where none is."""
        for row in self.rows:
            if row.holds(at):
                return row
        ended = max((row.until for row in self.rows if row.until <= at.date()), default=None)
        what = f"ended on {ended:%Y-%m-%d}" if ended else "has not begun"
        message = f"the catalogue's price of {self.model} {what}"
        raise SettingsError(message, "give the route a price, or another model")


@dataclass(frozen=True, slots=True)
class ArticlePrice:
    """A price as the article printed it; None where it printed none.

    *claim* is how many times DeepSeek V4 Flash's price the article calls it, as printed.
    """

    model: str
    input: PicoUsd | None
    output: PicoUsd
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every price that reviewbot knows by itself."""

    today: Mapping[str, Tariff]
    article: Mapping[str, ArticlePrice]

    @classmethod
    def packaged(cls) -> Catalogue:
        """The catalogue that comes with this version."""
        text = (resources.files(__package__) / "catalogue.toml").read_text(encoding="utf-8")
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Catalogue:
        """Read a catalogue written in TOML."""
        data = tomllib.loads(text)
        rows = [_row(raw) for raw in data.get("today", ())]
        names = dict.fromkeys(row.model for row in rows)
        printed = [_article(raw) for raw in data.get("article", ())]
        return cls(
            {name: Tariff(name, tuple(r for r in rows if r.model == name)) for name in names},
            {each.model: each for each in printed},
        )

    def tariff(self, model: str) -> Tariff:
        """What bills *model*; raises SettingsError with the nearest names if it is unknown."""
        if found := self.today.get(model):
            return found
        near = difflib.get_close_matches(model, self.today, n=3, cutoff=0.5)
        advice = f"Did you mean {' or '.join(near)}?" if near else ""
        message = f"the catalogue has no price for {model!r}"
        raise SettingsError(message, advice or "Give it a price in the configuration.")

    def price_of(self, model: str, at: datetime, input_tokens: int) -> Price:
        """What *model* bills for a request of that size at *at*."""
        return self.tariff(model).price_of(at, input_tokens)

    def worst_price(self, model: str, at: datetime, most_tokens: int | None = None) -> Price:
        """The most that *model* may bill for a request begun at *at*."""
        return self.tariff(model).worst_price(at, most_tokens)


def flat_price(
    input_usd: str, output_usd: str, cached_usd: str = "", cache_write_usd: str = ""
) -> Price:
    """A price from amounts in USD per million tokens; what is left out costs as fresh input."""
    return Price(
        input=per_million(input_usd),
        output=per_million(output_usd),
        cached=per_million(cached_usd or input_usd),
        cache_write=per_million(cache_write_usd or input_usd),
    )


def parse_price(text: str) -> Price:
    """A price as people write it: INPUT/OUTPUT in USD per million tokens; raises ValueError."""
    fresh, _, out = text.partition("/")
    return flat_price(fresh.strip(), out.strip())


def dearest(prices: Iterable[Price]) -> Price:
    """The maximum of each price."""
    every = list(prices)
    return Price(
        input=max(price.input for price in every),
        output=max(price.output for price in every),
        cached=max(price.cached for price in every),
        cache_write=max(price.cache_write for price in every),
    )


def _price(raw: Mapping[str, Any]) -> Price:
    return flat_price(
        raw["input"], raw["output"], raw.get("cached", ""), raw.get("cache_write", "")
    )


def _row(raw: Mapping[str, Any]) -> Row:
    return Row(
        model=raw["model"],
        price=_price(raw),
        context=raw.get("context", 0),
        since=raw.get("from", date.min),
        until=raw.get("until", date.max),
        tiers=tuple(SizeTier(each["tokens"], _price(each)) for each in raw.get("above", ())),
        windows=tuple(
            Window(frozenset(each["days"]), each["from"], each["until"], _price(each))
            for each in raw.get("windows", ())
        ),
    )


def _article(raw: Mapping[str, Any]) -> ArticlePrice:
    fresh = per_million(raw["input"]) if "input" in raw else None
    return ArticlePrice(raw["model"], fresh, per_million(raw["output"]), raw.get("claim", ""))
