"""What people of the demo's past made of findings: mostly what the code and its reader deserve."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.domain.command import Sender
from reviewbot.domain.feedback import Reception
from reviewbot.domain.finding import Category, Severity

if TYPE_CHECKING:
    from random import Random

    from reviewbot.domain.posted import PostedFinding

_READER = Sender(4001, "sam")
_FATES = ("fixed", "liked", "resolved", "disliked", "nothing")
# How often each comes to pass, where somebody looked again, and where nobody did.
_CONFIRMED, _UNCHECKED = (46, 14, 12, 6, 22), (30, 8, 14, 20, 28)
_UNLOVED = {Category.MAINTAINABILITY, Category.TESTING, Category.DOCUMENTATION}


def received(draw: Random, posted: PostedFinding, *, confirmed: bool) -> PostedFinding:
    """The finding with what became of it."""
    fixed, liked, resolved, disliked, nothing = _CONFIRMED if confirmed else _UNCHECKED
    if posted.category in _UNLOVED:
        disliked += 18
    if posted.severity.reaches(Severity.HIGH):
        fixed += 16
    weights = (fixed, liked, resolved, disliked, nothing)
    match draw.choices(_FATES, weights)[0]:
        case "fixed":
            return replace(posted, is_fixed=True)
        case "liked":
            return replace(posted, reception=Reception(liked_by=(_READER,)))
        case "resolved":
            return replace(posted, reception=Reception(resolved_by=_READER))
        case "disliked":
            return replace(posted, reception=Reception(disliked_by=(_READER,)))
        case _:
            return replace(posted, reception=Reception())
