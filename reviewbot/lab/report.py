"""A run with its figures, and what a reader must know to read them rightly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd
from reviewbot.lab.matrix import fixed
from reviewbot.lab.summary import Verdict, spread, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reviewbot.domain.money import PicoUsd
    from reviewbot.lab.load import Run
    from reviewbot.lab.profile import Profile
    from reviewbot.lab.summary import Figures, Spread

_NOTICEABLE = 0.02  # of the quickest median time to the first token

_WORTH_SAYING = Fraction(1, 20)  # of the input


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known of a run."""

    at: datetime
    profile: Profile
    sla: Fraction
    run: Run
    bound: PicoUsd
    figures: tuple[Figures, ...]
    lag: Spread | None

    @classmethod
    def of(cls, at: datetime, profile: Profile, sla: Fraction, run: Run, bound: PicoUsd) -> Report:
        """Summarise a run."""
        return cls(at, profile, sla, run, bound, tuple(summarise(run, sla)), spread(run.lags))

    def sla_text(self) -> str:
        """The SLA for people."""
        return f"{fixed(self.sla * 100, 6).rstrip('0').rstrip('.')}%"

    def title(self) -> str:
        """The load in one line."""
        profile = self.profile
        return (
            f"{profile.requests} requests each, {profile.concurrency} at once, about"
            f" {profile.input_tokens:,} tokens in and up to {profile.output_tokens:,} out"
        )

    def notes(self) -> list[str]:
        """Sentences for people."""
        return [*self._cost(), *self._availability(), *self._doubts(), *self._method()]

    def _cost(self) -> Iterator[str]:
        spent = sum(figures.cost for figures in self.figures)
        presumed = sum(figures.presumed for figures in self.figures)
        told = f"The run cost {format_usd(spent)}, bounded by {format_usd(self.bound)} before it"
        if presumed:
            told += f"; {format_usd(presumed)} of it is presumed, as nobody counted those tokens"
        yield f"{told}."

    def _availability(self) -> Iterator[str]:
        verdicts = [(f.target, f.availability) for f in self.figures if f.availability.sent]
        if any(known.verdict is Verdict.OPEN and known.answered for _, known in verdicts):
            needed = max(known.needed for _, known in verdicts)
            yield (
                f"SLA {self.sla_text()}: met or missed is said at 95% confidence;"
                f" {needed:,} requests without a failure would show it."
            )
        for figures in self.figures:
            if figures.errors:
                known = figures.availability
                kinds = ", ".join(f"{code} × {count}" for code, count in figures.errors.items())
                yield f"{figures.target}: {known.sent - known.answered} failed: {kinds}."
            if figures.stopped:
                yield f"{figures.target}: {figures.stopped}."

    def _doubts(self) -> Iterator[str]:
        for figures in self.figures:
            if figures.uncounted:
                yield (
                    f"{figures.target}: {figures.uncounted} answers came without a count of tokens;"
                    " their speed counts the pieces that came, and their cost is presumed."
                )
            if figures.thoughts:
                yield f"{figures.target}: it thought aloud; its first token may be a thought."
            if figures.cached >= _WORTH_SAYING:
                share = fixed(figures.cached * 100, 1)
                yield f"{figures.target}: {share}% of the input came from the vendor's cache."
        medians = [f.first_token.p50 for f in self.figures if f.first_token]
        if self.lag and medians and self.lag.p99 > _NOTICEABLE * min(medians):
            yield (
                f"This machine was busy: it woke threads up to {self.lag.p99 * 1000:.1f} ms late"
                " (p99), which is part of the times above. Use fewer at once, or a quieter machine."
            )

    def _method(self) -> Iterator[str]:
        yield (
            "Times are from the request to the event, with a connection of its own each, as reviews"
            " make them. Tokens per second count after the first token. Percentiles are"
            " nearest-rank: values that occurred, none interpolated."
        )
