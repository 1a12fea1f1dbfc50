"""Teams: the repositories that the server's configuration labels alike."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reviewbot.ledger.insight import names
from reviewbot.ledger.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Session


def sights(session: Session, sight: Sight, teams: Mapping[str, Sequence[str]]) -> dict[str, Sight]:
    """What each team's repositories within sight are; teams without any are not there.

    *teams* has patterns of names, such as ``acme/shop`` or ``acme/billing-*``; GitHub's names
    know no case.
    """
    known = names(session, sight)
    found = {
        team: frozenset(n for n, name in known.items() if _matches(name, patterns))
        for team, patterns in teams.items()
    }
    return {team: Sight(members) for team, members in found.items() if members}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
