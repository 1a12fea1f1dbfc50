"""What people decided on a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.command import Breadth, Sender


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody does not want to hear of a finding (by fingerprint) or of a rule (by id) here."""

    breadth: Breadth
    name: str
    by: Sender
