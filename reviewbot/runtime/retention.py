"""Throws away what is old or too much; hourly in a service, else beside the reviews, once a day."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.ledger.answers import shrink
from reviewbot.ledger.house import tidy
from reviewbot.ledger.turns import Turns

if TYPE_CHECKING:
    from reviewbot.ledger.clock import Clock
    from reviewbot.ledger.database import Database
    from reviewbot.runtime.settings import Retention

_log = logging.getLogger(__name__)
_TURN = "retention"
_DAY = 86_400.0  # seconds
_MEGABYTE = 10**6


def throw_away(database: Database, kept: Retention, clock: Clock | None = None) -> None:
    """Remove answers and calls beyond their time, and the answers beyond their room."""
    tidy(database, kept.answers_days, kept.calls_days, clock)
    shrink(database, kept.answers_mb * _MEGABYTE, clock)


def throw_away_daily(database: Database, kept: Retention, clock: Clock | None = None) -> None:
    """The same where no service looks after the ledger; that it fails harms no review."""
    turns, owner = Turns(database, clock), "beside a review"
    try:
        if turns.take(_TURN, owner, _DAY):
            throw_away(database, kept, clock)
            turns.end(_TURN, owner)
    except LedgerError as error:
        _log.warning("nothing was thrown away", extra={"why": error.message})
