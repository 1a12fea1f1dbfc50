"""The what-if as a table and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import format_usd, plain_usd
from reviewbot.entrypoints.formats import tables
from reviewbot.entrypoints.formats.tables import Column, Row
from reviewbot.lab.matrix import fixed
from reviewbot.lab.quantities import as_percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.console import Console

    from reviewbot.lab.what_if import Outcome, Portion, Volume

_MONTHS = 12
_HOURS_A_WEEK = 168
_DECIMALS = 6  # of shares, for machines


@dataclass(frozen=True, slots=True)
class Case:
    """A question and its answer."""

    volume: Volume
    edition: str
    on: date
    outcome: Outcome


def show(case: Case) -> None:
    """A table with totals and what is saved, for people."""
    outcome, volume = case.outcome, case.volume
    out = tables.console()
    _show_table(out, case)
    verb = "saves" if outcome.saved >= 0 else "costs"
    more = "" if outcome.saved >= 0 else " more"
    out.print(
        f"The shift {verb} [bold]{format_usd(abs(outcome.saved))}[/bold]{more} a month"
        f" ({as_percent(abs(outcome.saved_share))}),"
        f" {format_usd(abs(outcome.saved) * _MONTHS)}{more} a year."
    )
    if outcome.timed:
        hours = "; ".join(
            f"{model} is dearer in {as_percent(dear / 100, '')} of {_HOURS_A_WEEK} hours a week"
            for model, dear in outcome.timed
        )
        out.print(
            f"{hours}. Traffic is taken as even over the week; after the shift a month costs"
            f" {format_usd(outcome.lowest)} off-peak only, {format_usd(outcome.highest)} in peak"
            " hours only.",
            style="dim",
        )
    if volume.cached:
        out.print(f"{as_percent(volume.cached)} of the input is cached.", style="dim")


def _show_table(out: Console, case: Case) -> None:
    of = "the article's prices" if case.edition == "article" else f"prices on {case.on}"
    volume, outcome = case.volume, case.outcome
    before = {portion.model: portion for portion in outcome.before}
    rows = [_row(portion, before.get(portion.model)) for portion in outcome.after]
    total = (
        "total",
        "100%",
        format_usd(outcome.cost_before),
        "100%",
        format_usd(outcome.cost_after),
        _change(-outcome.saved),
    )
    columns = (
        Column("model", text=True),
        Column("share\nbefore", rank=1),
        Column("USD\nbefore"),
        Column("share\nafter", rank=1),
        Column("USD\nafter"),
        Column("change"),
    )
    title = f"{volume.tokens:,} tokens a month, {volume.split} input/output, {of}"
    tables.show(out, title, columns, [*rows, Row(total, "bold")])


def _row(portion: Portion, was: Portion | None) -> Row:
    return Row(
        (
            portion.model,
            as_percent(was.share) if was else "–",
            format_usd(was.cost) if was else "–",
            as_percent(portion.share),
            format_usd(portion.cost),
            _change(portion.cost - (was.cost if was else 0)),
        )
    )


def plain(case: Case) -> dict[str, Any]:
    """The answer for machines; amounts are decimal strings."""
    outcome, volume = case.outcome, case.volume
    return {
        "prices": case.edition,
        "on": case.on.isoformat() if case.edition == "today" else None,
        "tokens": volume.tokens,
        "split": str(volume.split),
        "cached_share": fixed(volume.cached, _DECIMALS),
        "before": _portions(outcome.before),
        "after": _portions(outcome.after),
        "before_usd": plain_usd(outcome.cost_before),
        "after_usd": plain_usd(outcome.cost_after),
        "after_usd_off_peak": plain_usd(outcome.lowest),
        "after_usd_peak": plain_usd(outcome.highest),
        "saved_usd_per_month": plain_usd(outcome.saved),
        "saved_share": fixed(outcome.saved_share, _DECIMALS),
    }


def _portions(portions: Sequence[Portion]) -> list[dict[str, Any]]:
    return [
        {
            "model": portion.model,
            "share": fixed(portion.share, _DECIMALS),
            "tokens": round(portion.tokens),
            "usd": plain_usd(portion.cost),
        }
        for portion in portions
    ]


def _change(amount: int) -> str:
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return f"{sign}{format_usd(abs(amount))}"
