"""Reads back what people did with findings when no review is wanted: no model is asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.errors import Forbidden, NotFound, RateLimited, ReviewbotError
from reviewbot.runtime.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.feedback import Feedback
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.ledger.read_backs import ReadBack, ReadBacks

_log = logging.getLogger(__name__)
_BACKOFF = Backoff(first=60.0, longest=600.0)
_MOST_ATTEMPTS = 5
_DAY = 86_400.0  # seconds
_FOLLOWED = 7 * _DAY  # seconds in which people still say what they think of a finding
_MOST_A_ROUND = 50  # pull requests; each costs two requests


@dataclass(frozen=True, slots=True)
class ReadingBack:
    """One errand of the workers: the next pull request's threads.

    *posted* asks GitHub, by installation, repository and number.
    """

    read_backs: ReadBacks
    feedback: Feedback
    posted: Callable[[int, str, PullKey], Sequence[PostedFinding]]

    def __call__(self, owner: str) -> bool:
        """Read one back; False if none is due."""
        read_back = self.read_backs.claim(owner)
        if read_back is None:
            return False
        try:
            said = self._read(read_back)
        except (NotFound, Forbidden) as error:
            said = f"gone: {type(error).__name__}"
            self.read_backs.finish(read_back)
        except ReviewbotError as error:
            said = f"failed: {type(error).__name__}"
            self._again(read_back, error)
        except Exception:  # noqa: BLE001 - one bug must not end the worker
            said = "failed: a bug"
            _log.exception("bug", extra={"pull": str(read_back.key)})
            self._again(read_back, None)
        _log.info("read back", extra={"pull": str(read_back.key), "outcome": said})
        return True

    def _read(self, read_back: ReadBack) -> str:
        key = read_back.key
        found = self.posted(read_back.installation_id, read_back.repository, key)
        self.feedback.learn(key, found)
        self.read_backs.finish(read_back)
        return f"{len(found)} findings"

    def _again(self, read_back: ReadBack, error: ReviewbotError | None) -> None:
        """What is not learnt now is learnt in the next round, or was not worth more tries."""
        if read_back.attempt >= _MOST_ATTEMPTS:
            self.read_backs.finish(read_back)
            return
        wait = _BACKOFF.after(read_back.attempt)
        self.read_backs.postpone(
            read_back, error.seconds if isinstance(error, RateLimited) else wait
        )


def follow_recent(read_backs: ReadBacks) -> int:
    """Once a day, have what was posted in the last week read back; GitHub tells of no thumbs."""
    return read_backs.record_due(_FOLLOWED, _DAY, _MOST_A_ROUND)
