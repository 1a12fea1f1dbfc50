"""An observer for work that nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.review.ports import Stage


class Unwatched:
    """Shows nothing, and never asks to stop."""

    def begins(self, stage: Stage, questions: int) -> None:
        """Not shown."""

    def advances(self, stage: Stage) -> None:
        """Not shown."""

    def interrupted(self) -> bool:
        """Never."""
        return False

    def out_of_time(self) -> bool:
        """Never."""
        return False
