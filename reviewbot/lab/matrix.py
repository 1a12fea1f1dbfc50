"""The price matrix: every price that the catalogue knows, and how many times a baseline it is."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from reviewbot.domain.errors import UsageError
from reviewbot.lab.quantities import as_percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, time

    from reviewbot.domain.money import PicoUsd, Price
    from reviewbot.lab.quantities import Split
    from reviewbot.models.catalogue import Catalogue, Row, Tariff, Window

ARTICLES_BASELINE = "deepseek-v4-flash"  # the article's ratios are to it
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Line:
    """Prices per token; None where nothing is printed. *condition* is empty for the usual price."""

    model: str
    input: PicoUsd | None
    output: PicoUsd
    cached: PicoUsd | None = None
    cache_write: PicoUsd | None = None
    condition: str = ""
    context: int = 0
    until: date = date.max
    claim: str = ""

    def mixed(self, split: Split) -> Fraction | None:
        """The price of one token of a mix, exactly."""
        if self.input is None:
            return None
        return split.input * self.input + split.output * self.output


@dataclass(frozen=True, slots=True)
class Ratios:
    """How many times the baseline's price; None where one of both is not known or free."""

    input: Fraction | None = None
    output: Fraction | None = None
    mix: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """One edition of the prices, with ratios."""

    edition: str  # today, article or configured
    lines: tuple[tuple[Line, Ratios], ...]


def todays_matrix(catalogue: Catalogue, at: datetime, baseline: str, split: Split) -> Matrix:
    """What bills at *at*, peak windows and size tiers on lines of their own."""
    rows = [tariff.row(at) for tariff in catalogue.today.values() if tariff.holds(at)]
    return _matrix("today", [line for row in rows for line in _lines(row)], baseline, split)


def configured_matrix(
    tariffs: Iterable[Tariff], at: datetime, today: Matrix, baseline: str, split: Split
) -> Matrix:
    """What bills the configured routes at *at*; ratios are to the baseline of today's matrix."""
    rows = [replace(tariff.row(at), model=tariff.model) for tariff in tariffs if tariff.holds(at)]
    base = _usual(baseline, (line for line, _ in today.lines))
    lines = [line for row in rows for line in _lines(row)]
    return Matrix("configured", tuple((line, _ratios(line, base, split)) for line in lines))


def articles_matrix(catalogue: Catalogue, baseline: str, split: Split) -> Matrix:
    """What the article printed."""
    lines = [
        Line(each.model, each.input, each.output, claim=each.claim)
        for each in catalogue.article.values()
    ]
    return _matrix("article", lines, baseline, split)


def check_baseline(matrices: Iterable[Matrix], baseline: str) -> None:
    """Raise UsageError with the nearest names unless an edition knows *baseline*."""
    names = list(dict.fromkeys(line.model for each in matrices for line, _ in each.lines))
    if baseline not in names:
        near = difflib.get_close_matches(baseline, names, n=3, cutoff=0.5)
        message = f"no price of {baseline!r} is known, so it is no baseline"
        advice = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(names)}."
        raise UsageError(message, advice)


def article_notes(article: Matrix, split: Split) -> list[str]:
    """What the article's claims come to by its own prices, in sentences."""
    claimed = [(line, ratios) for line, ratios in article.lines if line.claim]
    rated = [(line, r) for line, r in claimed if line.model != ARTICLES_BASELINE]
    right = [line for line, r in rated if r.output and _printed(r.output, line.claim) == line.claim]
    wrong = [(line, r) for line, r in rated if line not in right]
    confirmed = ", ".join(f"{line.claim}× {line.model}" for line in right)
    notes = [
        f"The article's ratios compare output prices alone: {confirmed} follow from its own prices."
    ]
    notes += [
        f"The article says {line.claim}× for {line.model}; its own output prices say "
        f"{as_times(ratios.output)}."
        for line, ratios in wrong
    ]
    mixed = [
        f"{line.model} {as_times(ratios.mix)}, not {line.claim}×"
        for line, ratios in rated
        if ratios.mix is not None and _printed(ratios.mix, line.claim) != line.claim
    ]
    if mixed:
        notes.append(
            f"A bill has input too. At {as_percent(split.input)} input and"
            f" {as_percent(split.output)} output, the article's own prices give: "
            f"{'; '.join(mixed)}."
        )
    notes.append('Where it says "40× more", read "40 times as much".')
    return notes


def as_times(ratio: Fraction | None) -> str:
    """A ratio for people: three figures at least where it is small, none for nothing."""
    if ratio is None:
        return "–"
    decimals = 0 if ratio >= 100 else 1 if ratio >= 10 else 2  # noqa: PLR2004 - figures shown
    text = fixed(ratio, decimals)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}×"


def fixed(value: Fraction, decimals: int) -> str:
    """An exact value with so many decimals, halves to even."""
    scaled = round(abs(value) * 10**decimals)
    whole, rest = divmod(scaled, 10**decimals)
    minus = "-" if value < 0 and scaled else ""
    return f"{minus}{whole}.{rest:0{decimals}d}" if decimals else f"{minus}{whole}"


def _printed(ratio: Fraction, claim: str) -> str:
    """The ratio with as many decimals as the claim has."""
    return fixed(ratio, len(claim.partition(".")[2]))


def _matrix(edition: str, lines: Sequence[Line], baseline: str, split: Split) -> Matrix:
    base = _usual(baseline, lines)
    return Matrix(edition, tuple((line, _ratios(line, base, split)) for line in lines))


def _usual(model: str, lines: Iterable[Line]) -> Line | None:
    return next((line for line in lines if line.model == model and not line.condition), None)


def _ratios(line: Line, base: Line | None, split: Split) -> Ratios:
    if base is None:
        return Ratios()
    return Ratios(
        _ratio(line.input, base.input),
        _ratio(line.output, base.output),
        _ratio(line.mixed(split), base.mixed(split)),
    )


def _ratio(price: Fraction | int | None, base: Fraction | int | None) -> Fraction | None:
    return None if price is None or not base else Fraction(price) / Fraction(base)


def _lines(row: Row) -> list[Line]:
    lines = [_line(row, row.price, "")]
    peaks = dict.fromkeys(window.price for window in row.windows)
    lines += [_line(row, price, _hours(row.windows, price)) for price in peaks]
    lines += [_line(row, tier.price, f"input > {tier.above:,}") for tier in row.tiers]
    return lines


def _line(row: Row, price: Price, condition: str) -> Line:
    return Line(
        row.model,
        price.input,
        price.output,
        price.cached,
        price.cache_write,
        condition,
        row.context,
        row.until,
    )


def _hours(windows: Sequence[Window], price: Price) -> str:
    """When a price holds, such as ``Mon-Fri 01-04, 06-10 UTC``."""
    same = [window for window in windows if window.price == price]
    days = dict.fromkeys(_weekdays(window.days) for window in same)
    parts = [
        f"{day} {', '.join(_span(w) for w in same if _weekdays(w.days) == day)}" for day in days
    ]
    return f"{'; '.join(parts)} UTC"


def _weekdays(days: Iterable[int]) -> str:
    ordered = sorted(days)
    run = ordered == list(range(ordered[0], ordered[-1] + 1)) and len(ordered) > 1
    if run:
        return f"{_DAYS[ordered[0]]}–{_DAYS[ordered[-1]]}"
    return ", ".join(_DAYS[day] for day in ordered)


def _span(window: Window) -> str:
    return f"{_hour(window.begin)}–{_hour(window.end)}"


def _hour(at: time) -> str:
    return f"{at:%H}" if not at.minute else f"{at:%H:%M}"
