"""Which days a page is about, as its address says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from reviewbot.ledger.sight import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_DAYS = 30
_MOST_DAYS = 1_100  # three years: calls are kept for 25 months
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BadSpan(Exception):
    """No days, or too many; the text is for whoever wrote the address."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A time that people often want."""

    title: str
    span: Span
    is_current: bool


def read_span(arguments: Mapping[str, str], today: date) -> Span:
    """``since`` and ``until``, both days; without them the last thirty. Raises BadSpan."""
    until = _day(arguments.get("until", ""), today)
    since = _day(arguments.get("since", ""), until - timedelta(days=USUAL_DAYS - 1))
    if since > until:
        message = "since is after until"
        raise BadSpan(message)
    if (until - since).days >= _MOST_DAYS:
        message = f"more than {_MOST_DAYS} days"
        raise BadSpan(message)
    return Span(since, until)


def _day(text: str, otherwise: date) -> date:
    if not text:
        return otherwise
    day = _parsed(text)
    if day is None or not _FIRST <= day <= _LAST:
        message = "a day is written as 2026-01-31"
        raise BadSpan(message)
    return day


def _parsed(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def presets(today: date, current: Span) -> list[Preset]:
    """What the links beside the filter lead to."""
    usual = (
        ("7 days", Span(today - timedelta(days=6), today)),
        ("30 days", Span(today - timedelta(days=USUAL_DAYS - 1), today)),
        ("This month", Span(today.replace(day=1), today)),
        ("90 days", Span(today - timedelta(days=89), today)),
        ("12 months", Span(today - timedelta(days=364), today)),
    )
    return [Preset(title, span, span == current) for title, span in usual]


def begin_of(day: date) -> int:
    """Its first moment (UTC), in milliseconds since 1970."""
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


def end_of(day: date) -> int:
    """The first moment after it."""
    return begin_of(day + timedelta(days=1))
