"""Finds places for the labels of points, so that none covers another or a point. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDTH = 100.0  # percent
_HIGHEST = 108.0  # percent of a plot's height: above it there is some room
_LETTER = 1.7  # percent of a plot's width
_MARGIN = 3.5  # between a point and its label
_LINE = 7.0  # percent of a plot's height
_DOT = 2.5  # half a point, in percent
_STEPS = 4  # lines upwards and downwards that are tried


@dataclass(frozen=True, slots=True)
class Label:
    """How high a label's middle is, and whether it ends at its point rather than begins there."""

    upwards: float
    leftwards: bool


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: _Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    @property
    def inside(self) -> bool:
        across = self.left >= 0 and self.right <= _WIDTH
        return across and self.bottom >= -_LINE and self.top <= _HIGHEST


def place_labels(points: Sequence[tuple[str, float, float]]) -> list[Label]:
    """A label for each point (name, percent from the left, percent from the bottom).

    The nearest free place is taken; where there is none, the first choice.
    """
    taken = [_Box(x - _DOT, x + _DOT, y - _DOT, y + _DOT) for _, x, y in points]
    labels = []
    for name, across, upwards in points:
        own = _Box(across - _DOT, across + _DOT, upwards - _DOT, upwards + _DOT)
        others = [box for box in taken if box != own]
        choices = [(label, _box(name, across, label)) for label in _choices(across, upwards)]
        free = (
            choice
            for choice in choices
            if choice[1].inside and not any(choice[1].meets(box) for box in others)
        )
        label, box = next(free, choices[0])
        labels.append(label)
        taken.append(box)
    return labels


def _choices(across: float, upwards: float) -> Iterator[Label]:
    """Beside the point first, then further up and down; towards the middle first."""
    towards_middle = across > _WIDTH / 2
    for lines in range(_STEPS):
        for step in dict.fromkeys((lines, -lines)):
            height = round(upwards + step * _LINE, 3)
            yield Label(height, towards_middle)
            yield Label(height, not towards_middle)


def _box(name: str, across: float, label: Label) -> _Box:
    width = len(name) * _LETTER
    left = across - _MARGIN - width if label.leftwards else across + _MARGIN
    return _Box(left, left + width, label.upwards - _LINE / 2, label.upwards + _LINE / 2)
