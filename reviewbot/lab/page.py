"""What the lab's pages are made of: HTML that needs no scripts, no fonts and no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import jinja2

from reviewbot.lab.plots import COLOURS
from reviewbot.review.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")


def _shown(value: object) -> object:
    """Texts on one line without invisible characters; what macros made is markup already."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("reviewbot.lab"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_shown,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a table; *best* of its column."""

    text: str
    details: tuple[str, ...] = ()
    best: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A winner."""

    title: str
    text: str
    name: str
    colour: int


@dataclass(frozen=True, slots=True)
class Measure(Generic[T]):
    """What is won by being least: of what, and how that is said; None takes no part."""

    title: str
    of: Callable[[T], float | None]
    text: Callable[[T], str]

    def winner(self, among: Sequence[T]) -> int | None:
        """The number of the one that is first, if one alone is; one alone wins nothing."""
        rated = [
            (value, number)
            for number, each in enumerate(among)
            if (value := self.of(each)) is not None
        ]
        if len(among) == 1 or not rated:
            return None
        least, number = min(rated)
        return number if sum(value == least for value, _ in rated) == 1 else None


def cards(measures: Iterable[Measure[T]], named: Sequence[tuple[str, T]]) -> list[Card]:
    """A card a measure that somebody wins; *named* is with the names that people know."""
    figures = [each for _, each in named]
    return [
        Card(measure.title, measure.text(figures[winner]), named[winner][0], winner % COLOURS)
        for measure in measures
        if (winner := measure.winner(figures)) is not None
    ]
