"""The processes that do the work, as an operator runs them on either database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.driver import wait_for

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull, Running

_SETTINGS = {
    "LIMITS__DEBOUNCE_SECONDS": "0",
    "LIMITS__LEASE_SECONDS": "4",  # a busy machine must not lose one that is renewed
    "LIMITS__WORKERS": "1",
    "LIMITS__CALLS_PER_REVIEW": "1",
    "LIMITS__CHEAP_SECONDS": "30",
}


class Fleet:
    """One serving process over SQLite; over PostgreSQL two workers beside one that only serves."""

    def __init__(self, bot: Driver, **settings: str) -> None:
        self._bot, self._settings = bot, {**_SETTINGS, **settings}
        if bot.is_shared:
            bot.serve(**{**self._settings, "LIMITS__WORKERS": "0"})
            self.workers = [bot.worker(**self._settings) for _ in range(2)]
        else:
            self.workers = [bot.serve(**self._settings)]

    def at_work(self, pull: Pull) -> Running:
        """The worker that took a pull request from the desk."""
        return wait_for(
            f"somebody at work on {pull.repository}",
            lambda: next((each for each in self.workers if each.claimed(pull)), None),
        )

    def replace(self, gone: Running) -> None:
        """Another worker takes over from one that is gone: one is started if none is left."""
        self.workers.remove(gone)
        if not self.workers:
            start = self._bot.worker if self._bot.is_shared else self._bot.serve
            self.workers.append(start(**self._settings))
