"""The what-if: a month's tokens, some of them moved to other models, and what that changes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from reviewbot.domain.errors import SettingsError, UsageError
from reviewbot.domain.money import PicoUsd, Price
from reviewbot.lab.quantities import Split, as_percent, parse_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reviewbot.models.catalogue import Catalogue, Row

_WEEK = 7 * 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Volume:
    """A month's tokens. *cached* is the share of the input that comes from the vendors' caches."""

    tokens: int
    split: Split
    cached: Fraction = Fraction(0)

    def unit_cost(self, price: Price) -> Fraction:
        """What one token of this mix costs, in 10**-12 USD, exactly."""
        fresh = self.split.input * (1 - self.cached)
        again = self.split.input * self.cached
        return fresh * price.input + again * price.cached + self.split.output * price.output


@dataclass(frozen=True, slots=True)
class Shift:
    """Moves a share of one model's tokens, as they were before, to another model."""

    source: str
    target: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """What one token costs over a week of even traffic, and in its cheapest and dearest hours."""

    even: Fraction
    lowest: Fraction
    highest: Fraction
    dear_hours: Fraction = Fraction(0)  # of the week


@dataclass(frozen=True, slots=True)
class Portion:
    """One model's part of the month."""

    model: str
    share: Fraction
    tokens: Fraction
    cost: PicoUsd


@dataclass(frozen=True, slots=True)
class Outcome:
    """A month before and after."""

    before: tuple[Portion, ...]
    after: tuple[Portion, ...]
    lowest: PicoUsd  # after, were all traffic in the cheapest hours
    highest: PicoUsd
    timed: tuple[tuple[str, Fraction], ...]  # models after it that have dearer hours, and how many

    @property
    def cost_before(self) -> PicoUsd:
        """A month as it was."""
        return PicoUsd(sum(portion.cost for portion in self.before))

    @property
    def cost_after(self) -> PicoUsd:
        """A month as it would be."""
        return PicoUsd(sum(portion.cost for portion in self.after))

    @property
    def saved(self) -> PicoUsd:
        """What a month costs less; negative where it costs more."""
        return PicoUsd(self.cost_before - self.cost_after)

    @property
    def saved_share(self) -> Fraction:
        """The saved part of what it was."""
        return Fraction(self.saved, self.cost_before) if self.cost_before else Fraction(0)


def parse_shift(text: str) -> Shift:
    """``FROM:TO=SHARE``, such as gpt-4o:deepseek-v4-flash=60%; raises UsageError."""
    models, _, share = text.rpartition("=")
    source, _, target = models.partition(":")
    if not (source.strip() and target.strip() and share.strip()):
        message = f"{text!r} is no shift"
        raise UsageError(message, "Write FROM:TO=SHARE, such as gpt-4o:deepseek-v4-flash=60%.")
    if source.strip() == target.strip():
        message = f"{text!r} moves nothing: both models are the same"
        raise UsageError(message, "Name another model after the colon.")
    return Shift(source.strip(), target.strip(), parse_share(share.strip()))


def parse_mix(texts: Iterable[str], shifts: Sequence[Shift]) -> dict[str, Fraction]:
    """Each model's share before; without any, the one model that tokens are moved from has all."""
    mix: dict[str, Fraction] = {}
    for text in texts:
        model, _, share = text.rpartition("=")
        if not model.strip() or model.strip() in mix:
            message = f"{text!r} is no share of a model, or named twice"
            raise UsageError(message, "Write MODEL=SHARE once a model, such as gpt-4o=70%.")
        mix[model.strip()] = parse_share(share.strip())
    sources = list(dict.fromkeys(shift.source for shift in shifts))
    if not mix and len(sources) == 1:
        return {sources[0]: Fraction(1)}
    if not mix:
        message = "tokens are moved from several models, but not how many each has"
        raise UsageError(message, f"Say it with --mix, such as --mix {sources[0]}=70% --mix …=30%.")
    if sum(mix.values()) != 1:
        message = f"the shares of --mix make {as_percent(sum(mix.values(), Fraction(0)))}"
        raise UsageError(message, "They must make 100%.")
    return mix


def check_shifts(shifts: Iterable[Shift], mix: Mapping[str, Fraction]) -> None:
    """Raise UsageError where a model gives away more than it has."""
    given: dict[str, Fraction] = {}
    for shift in shifts:
        if shift.source not in mix:
            message = f"{shift.source!r} has no tokens that could be moved"
            raise UsageError(message, f"--mix names {', '.join(mix)}.")
        given[shift.source] = given.get(shift.source, Fraction(0)) + shift.share
    for model, share in given.items():
        if share > 1:
            message = f"{as_percent(share)} of {model} is moved away, which is over 100%"
            raise UsageError(message, "The shares of one model's shifts make 100% at the most.")


def simulate(
    volume: Volume,
    mix: Mapping[str, Fraction],
    shifts: Sequence[Shift],
    rate_of: Callable[[str], Rate],
) -> Outcome:
    """What the shifts change; raises what *rate_of* raises of an unknown model, or UsageError."""
    check_shifts(shifts, mix)
    after = dict(mix)
    for shift in shifts:
        moved = mix[shift.source] * shift.share
        after[shift.source] -= moved
        after[shift.target] = after.get(shift.target, Fraction(0)) + moved
    rates = {model: rate_of(model) for model in after}
    tokens = volume.tokens
    return Outcome(
        before=tuple(_portion(m, share, tokens, rates[m].even) for m, share in mix.items()),
        after=tuple(_portion(m, share, tokens, rates[m].even) for m, share in after.items()),
        lowest=_total(after, tokens, {m: rate.lowest for m, rate in rates.items()}),
        highest=_total(after, tokens, {m: rate.highest for m, rate in rates.items()}),
        timed=tuple((m, r.dear_hours) for m, r in rates.items() if r.dear_hours and after[m]),
    )


def _portion(model: str, share: Fraction, tokens: int, rate: Fraction) -> Portion:
    return Portion(model, share, share * tokens, PicoUsd(round(share * tokens * rate)))


def _total(shares: Mapping[str, Fraction], tokens: int, rates: Mapping[str, Fraction]) -> PicoUsd:
    return PicoUsd(sum(round(share * tokens * rates[model]) for model, share in shares.items()))


# --- prices ----------------------------------------------------------------------------------


def todays_rate(
    catalogue: Catalogue, model: str, volume: Volume, at: datetime, request_tokens: int
) -> Rate:
    """By what bills at *at*, for requests of that many input tokens; raises SettingsError."""
    row = catalogue.tariff(model).row(at)
    spans = [
        (seconds, volume.unit_cost(price)) for seconds, price in _week(row, at, request_tokens)
    ]
    costs = [cost for _, cost in spans]
    even = sum((seconds * cost for seconds, cost in spans), Fraction(0)) / _WEEK
    dear = sum(seconds for seconds, cost in spans if cost > min(costs))
    return Rate(even, min(costs), max(costs), Fraction(dear, 3600))


def articles_rate(catalogue: Catalogue, model: str, volume: Volume) -> Rate:
    """By what the article printed; raises SettingsError where it printed nothing."""
    printed = catalogue.article.get(model)
    if printed is None or printed.input is None:
        near = difflib.get_close_matches(model, catalogue.article, n=3, cutoff=0.5)
        what = "no input price" if printed else "no price"
        message = f"the article prints {what} of {model!r}"
        hint = f"Did you mean {' or '.join(near)}?" if near and not printed else ""
        raise SettingsError(message, hint or "Use --prices today, or another model.")
    cost = volume.unit_cost(Price(printed.input, printed.output, printed.input, printed.input))
    return Rate(cost, cost, cost)


def _week(row: Row, at: datetime, input_tokens: int) -> list[tuple[int, Price]]:
    """The prices of a week that begins with the day of *at*, and for how many seconds each."""
    spans: list[tuple[int, Price]] = []
    edges = {time.min, *(edge for w in row.windows for edge in (w.begin, w.end))}
    for day in range(7):
        midnight = datetime.combine(at.date() + timedelta(days=day), time.min, at.tzinfo)
        begins = sorted(datetime.combine(midnight, edge, at.tzinfo) for edge in edges)
        for begin, end in zip(begins, [*begins[1:], midnight + timedelta(days=1)], strict=True):
            seconds = int((end - begin).total_seconds())
            spans.append((seconds, row.price_at(begin, input_tokens)))
    return spans
