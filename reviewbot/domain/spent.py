"""What a pull request has cost so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.finding import Tier
    from reviewbot.domain.money import PicoUsd


# The reasons of calls that somebody asked for in a comment, and that are no review.
ANSWERS = frozenset({"ask", "describe", "improve"})


@dataclass(frozen=True, slots=True)
class Spent:
    """What one tier cost on a pull request, apart for reviews and for answers to questions."""

    tier: Tier
    is_answer: bool
    calls: int
    tokens_in: int
    tokens_out: int
    settled: PicoUsd
    presumed: PicoUsd


@dataclass(frozen=True, slots=True)
class Money:
    """Sums over the ledger's attempts, in 10**-12 USD and tokens."""

    spent: PicoUsd
    presumed: PicoUsd
    pr_total: PicoUsd
    tokens_in: int
    tokens_out: int
    calls: int
