"""Plots as inline SVG: drawn here, without scripts, in colours of the stylesheet.

Widths are per cent and heights pixels, so that texts keep their size on every screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_HEIGHT, _TOP, _BOTTOM = 220, 12, 24
_LABELS = 5
_ROW = 20
_TICKS = 4
_HALF = 50
_LEAST_SEEN = 0.8  # per cent: what is something is not drawn as nothing


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: parts by class of the stylesheet, from the bottom or the left."""

    label: str
    parts: tuple[tuple[str, int], ...]
    says: str  # its tooltip

    @property
    def total(self) -> int:
        """Its whole length."""
        return sum(value for _, value in self.parts)


def columns(title: str, about: str, bars: Sequence[Bar], shown: Callable[[int], str]) -> Markup:
    """Bars side by side over lines of amounts; the scale beside them keeps its width."""
    top = _round_up(max((bar.total for bar in bars), default=0))
    plot = _HEIGHT - _TOP - _BOTTOM
    scale: list[Markup] = []
    parts: list[Markup] = []
    for step in range(_TICKS + 1):
        y = _TOP + plot - plot * step / _TICKS
        parts.append(
            Markup('<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>').format(y=y)
        )
        scale.append(
            Markup('<text class="axis end" x="100%" y="{y:.1f}">{text}</text>').format(
                y=y + 4, text=shown(top * step // _TICKS)
            )
        )
    width = 100 / max(len(bars), 1)
    every = max(1, -(-len(bars) // _LABELS))
    for index, bar in enumerate(bars):
        x = index * width
        parts.append(_column(bar, (x, width), top, plot))
        if index % every == 0:
            at, side = (x, "start") if len(bars) > _LABELS else (x + width / 2, "middle")
            parts.append(
                Markup('<text class="axis {side}" x="{x:.2f}%" y="{y}">{label}</text>').format(
                    side=side, x=at, y=_HEIGHT - 6, label=bar.label
                )
            )
    return Markup(
        '<div class="plot"><svg class="scale" width="64" height="{height}" aria-hidden="true">'
        "{scale}</svg>{bars}</div>"
    ).format(
        height=_HEIGHT,
        scale=Markup("").join(scale),
        bars=_svg("bars", _HEIGHT, (title, about), parts),
    )


def _column(bar: Bar, place: tuple[float, float], top: int, plot: int) -> Markup:
    x, width = place
    drawn, at = [], float(_TOP + plot)
    for name, value in bar.parts:
        height = plot * value / top if top else 0.0
        at -= height
        if height > 0:
            drawn.append(
                Markup(
                    '<rect class="{name}" x="{x:.3f}%" y="{y:.2f}" width="{w:.3f}%"'
                    ' height="{h:.2f}"/>'
                ).format(name=name, x=x + width * 0.12, y=at, w=width * 0.76, h=height)
            )
    # The whole height tells, however low the bar is.
    drawn.append(
        Markup('<rect class="touch" x="{x:.3f}%" y="{y}" width="{w:.3f}%" height="{h}"/>').format(
            x=x, y=_TOP, w=width, h=plot
        )
    )
    return Markup("<g><title>{says}</title>{drawn}</g>").format(
        says=bar.says, drawn=Markup("").join(drawn)
    )


def stack(title: str, about: str, bar: Bar, whole: int) -> Markup:
    """One bar of parts that fill *whole* in part or in full."""
    x, drawn = 0.0, [Markup('<rect class="empty" x="0" y="0" width="100%" height="14" rx="4"/>')]
    for name, value in bar.parts:
        width = min(max(100 * value / whole, _LEAST_SEEN) if whole and value else 0.0, 100 - x)
        if width > 0:
            drawn.append(
                Markup(
                    '<rect class="{name}" x="{x:.3f}%" y="0" width="{w:.3f}%" height="14"/>'
                ).format(name=name, x=x, w=width)
            )
        x += width
    return _svg("stack", 14, (title, about), drawn)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A call on a line of time, in milliseconds."""

    begin: int
    length: int
    name: str  # its class
    says: str


def timeline(title: str, about: str, stretches: Sequence[Stretch]) -> Markup:
    """Calls as they ran side by side: each in the first row that is free."""
    begin = min((each.begin for each in stretches), default=0)
    end = max((each.begin + each.length for each in stretches), default=1)
    whole = max(end - begin, 1)
    rows: list[int] = []  # when each is free again
    drawn: list[Markup] = []
    for each in sorted(stretches, key=lambda stretch: stretch.begin):
        row = next((n for n, free in enumerate(rows) if free <= each.begin), len(rows))
        rows[row : row + 1] = [each.begin + each.length]
        drawn.append(
            Markup(
                '<g><title>{says}</title><rect class="{name}" x="{x:.3f}%" y="{y}"'
                ' width="{w:.3f}%" height="{h}" rx="3"/></g>'
            ).format(
                says=each.says,
                name=each.name,
                x=100 * (each.begin - begin) / whole,
                y=row * _ROW + 2,
                w=max(100 * each.length / whole, 0.5),
                h=_ROW - 4,
            )
        )
    height = len(rows) * _ROW + _BOTTOM
    drawn += _seconds(whole, len(rows) * _ROW)
    return _svg("timeline", height, (title, about), drawn)


def _seconds(whole: int, y: int) -> Iterable[Markup]:
    sides = {0: "start", 100: "end"}
    for at in (0, _HALF, 100):
        yield Markup(
            '<line class="grid" x1="{at}%" x2="{at}%" y1="0" y2="{y}"/>'
            '<text class="axis {side}" x="{at}%" y="{low}">{text:.1f} s</text>'
        ).format(at=at, y=y, low=y + 17, side=sides.get(at, "middle"), text=whole * at / 100_000)


def _svg(name: str, height: int, said: tuple[str, str], parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="{name}" width="100%" height="{height}" role="img"'
        ' aria-labelledby="{n}-title {n}-about">'
        '<title id="{n}-title">{title}</title><desc id="{n}-about">{about}</desc>'
        "{parts}</svg>"
    ).format(
        name=name,
        height=height,
        n=re.sub(r"\W+", "-", f"plot {said[0]}".lower()),
        title=said[0],
        about=said[1],
        parts=Markup("").join(escape(part) for part in parts),
    )


def _round_up(value: int) -> int:
    """The next number that reads well: 1, 2, 4, 5 or 8 and zeros."""
    if value <= 0:
        return 1
    size = int("1" + "0" * (len(str(value)) - 1))
    return next(size * lead for lead in (1, 2, 4, 5, 8, 10) if size * lead >= value)
