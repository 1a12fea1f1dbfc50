"""Reads what is asked for: the time, and the team, within what the visitor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.errors import NotFound
from reviewbot.entrypoints.dashboard.page import Asked
from reviewbot.entrypoints.dashboard.span import read_span
from reviewbot.ledger.teams import sights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.entrypoints.dashboard.page import Sources
    from reviewbot.ledger.sight import Sight


LARGEST_ID = 2**63 - 1  # what a database has room for


def read_asked(sources: Sources, sight: Sight, arguments: Mapping[str, str]) -> Asked:
    """Raises BadSpan, or NotFound for a team that the visitor sees nothing of, as for none."""
    now = sources.now()
    span, team = read_span(arguments, now.date()), arguments.get("team", "")
    if not sources.teams:
        known = {}
    else:
        with sources.database.snapshot() as session:
            known = sights(session, sight, sources.teams)
    if team and team not in known:
        message = "no such team"
        raise NotFound(message)
    return Asked(known[team] if team else sight, span, now, arguments, team, sorted(known))
