"""What a look at one part of the server says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, ReviewbotError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Health(StrEnum):
    """How a part is."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"  # of the configuration: exit code 2
    DOWN = "down"  # cannot be reached: exit code 3


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One part, how it is, and what to do."""

    part: str
    health: Health
    says: str
    advice: str = ""


def asked(part: str, ask: Callable[[], str]) -> Diagnosis:
    """What *ask* says of a part, or what it raises."""
    try:
        return Diagnosis(part, Health.FINE, ask())
    except (Forbidden, UsageError) as error:
        return Diagnosis(part, Health.WRONG, str(error), error.advice)
    except ReviewbotError as error:
        return Diagnosis(part, Health.DOWN, str(error), error.advice)
