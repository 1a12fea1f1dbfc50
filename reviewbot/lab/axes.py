"""Axes of plots: where a value lies, in percent, and which ticks people like to read. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STEPS = (1, 2, 5, 10)
_TICKS = 5  # about so many
_WIDE = 15  # from this ratio on, a logarithmic axis shows more
_MANY = 300  # from this ratio on, the powers of ten are marks enough
_ROOM = 1.04  # above the largest value


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    place: float  # percent of the axis
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From *least* to *most*; positions are percent of its length."""

    least: float
    most: float
    ticks: tuple[Tick, ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value lies; values beyond the ends lie at them."""
        return round(_place(value, self.least, self.most, logarithmic=self.logarithmic), 3)


def linear(values: Sequence[float], text: Callable[[float], str]) -> Axis:
    """An axis from zero to a little over the largest value."""
    most = max(values, default=0.0) * _ROOM or 1.0
    step = _step(most / _TICKS)
    marks = [number * step for number in range(int(most / step) + 1)]
    ticks = tuple(Tick(round(mark / most * 100, 3), text(mark)) for mark in marks)
    return Axis(0.0, most, ticks)


def fitting(values: Sequence[float], text: Callable[[float], str]) -> Axis:
    """A logarithmic axis where the values lie far apart, a linear one elsewhere."""
    positive = [value for value in values if value > 0]
    if len(positive) < len(values) or not positive or max(positive) < min(positive) * _WIDE:
        return linear(values, text)
    least, most = min(positive) / 1.5, max(positive) * 1.5
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = _STEPS[:3] if most / least < _MANY else _STEPS[:1]
    marks = [step * 10.0**decade for decade in decades for step in steps]
    ticks = tuple(
        Tick(round(_place(mark, least, most, logarithmic=True), 3), text(mark))
        for mark in marks
        if least <= mark <= most
    )
    return Axis(least, most, ticks, logarithmic=True)


def _step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * 0.999)


def _place(value: float, least: float, most: float, *, logarithmic: bool) -> float:
    held = min(max(value, least), most)
    if logarithmic:
        return math.log(held / least) / math.log(most / least) * 100
    return (held - least) / (most - least) * 100
