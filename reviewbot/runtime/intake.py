"""Takes events in: what each asks for is in the ledger before GitHub is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from reviewbot.domain.command import CommandWish
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.github.events import (
    Closed,
    GroupRequested,
    Ignored,
    InstallationChanged,
    Ping,
    RepositoriesChanged,
    RunRerequested,
    SuiteRerequested,
    Unknown,
)

if TYPE_CHECKING:
    from reviewbot.github.events import Event, Work
    from reviewbot.github.markers import Marker
    from reviewbot.ledger.commands import Commands
    from reviewbot.ledger.desk import Desk
    from reviewbot.ledger.installations import Installations
    from reviewbot.ledger.merge_groups import MergeGroups
    from reviewbot.ledger.read_backs import ReadBacks
    from reviewbot.ledger.verdicts import Verdicts

_SEAL_PARTS = 2  # repository and number
_BEGINS_SECONDS = 2.0  # after its debounce a review that can begin has begun


class Taken(StrEnum):
    """What became of a delivery."""

    RECORDED = "recorded"
    KNOWN = "repeated"
    IGNORED = "ignored"
    UNKNOWN = "unknown"
    PONG = "ping"


@dataclass(frozen=True, slots=True)
class Intake:
    """Where events are written down."""

    desk: Desk
    commands: Commands
    installations: Installations
    groups: MergeGroups
    read_backs: ReadBacks
    verdicts: Verdicts
    marker: Marker

    def take(self, delivery_id: str, event: Event) -> Taken:
        """Write down what an event asks for; raises LedgerError."""
        match event:
            case Ignored():
                return Taken.IGNORED
            case Unknown():
                return Taken.UNKNOWN
            case Ping():
                return Taken.PONG
            case InstallationChanged() | RepositoriesChanged():
                self._change(event)
                return Taken.RECORDED
            case _:
                return self._work(delivery_id, event)

    def _work(self, delivery_id: str, event: Work) -> Taken:
        match event:
            case Wish():
                fresh = self.desk.record(delivery_id, event)
                if event.reason == "synchronize":
                    self._free(delivery_id, event)
                return _taken(fresh=fresh)
            case CommandWish():
                return _taken(fresh=self.commands.record(event))
            case Closed(wish=wish):
                return self._end(delivery_id, wish)
            case RunRerequested():
                return self._run_again(delivery_id, event)
            case SuiteRerequested():
                return self._suite_again(delivery_id, event)
            case GroupRequested():
                fresh = self.groups.record(
                    event.key, event.repository, event.installation_id, event.head_sha
                )
                return _taken(fresh=fresh)
            case _:
                assert_never(event)

    def _end(self, delivery_id: str, wish: Wish) -> Taken:
        """Work on it has no point any more."""
        freed = self._free(delivery_id, wish)
        ended, read = self.desk.record_end(wish), self.read_backs.record(wish)
        return Taken.RECORDED if ended or freed or read else Taken.IGNORED

    def _free(self, delivery_id: str, left: Wish) -> bool:
        """Have those looked at again that a commit held up which *left* has no more."""
        freed = [
            self.desk.record(f"{delivery_id}.{key.number}", replace(left, key=key, reason="freed"))
            for key in self.verdicts.held_up_by(left.key)
        ]
        return any(freed)

    def _run_again(self, delivery_id: str, event: RunRerequested) -> Taken:
        """A check run is ours if we sealed it; the seal names its pull request."""
        mark = self.marker.open_token(event.seal)
        if mark is None or mark.kind != "check" or len(mark.parts) != _SEAL_PARTS:
            return Taken.IGNORED
        key = PullKey(int(mark.parts[0]), int(mark.parts[1]))
        if key.repository_id != event.repository_id:
            return Taken.IGNORED
        fresh = self.desk.record(delivery_id, _again(key, event))
        return _taken(fresh=self._queue_again(event) or fresh)

    def _suite_again(self, delivery_id: str, event: SuiteRerequested) -> Taken:
        """All pull requests that were looked at with this head."""
        keys = self.verdicts.pulls_at(event.repository_id, event.head_sha)
        if not keys:
            return Taken.RECORDED if self._queue_again(event) else Taken.IGNORED
        # One delivery may ask for several, so each is remembered under a name of its own.
        fresh = [
            self.desk.record(f"{delivery_id}.{key.number}", _again(key, event)) for key in keys
        ]
        return _taken(fresh=any(fresh))

    def _queue_again(self, event: RunRerequested | SuiteRerequested) -> bool:
        """A merge queue's commit is answered anew, once the review that was asked for began."""
        later = self.desk.rules.debounce + _BEGINS_SECONDS
        return self.groups.reopen(event.repository_id, event.head_sha, later)

    def _change(self, event: InstallationChanged | RepositoriesChanged) -> None:
        match event:
            case InstallationChanged():
                self.installations.set(event.installation_id, event.standing, event.at)
            case RepositoriesChanged():
                self.installations.change(
                    event.installation_id, event.added, event.removed, event.at
                )


def _taken(*, fresh: bool) -> Taken:
    return Taken.RECORDED if fresh else Taken.KNOWN


def _again(key: PullKey, event: RunRerequested | SuiteRerequested) -> Wish:
    return Wish(
        key=key,
        repository=event.repository,
        installation_id=event.installation_id,
        reason="rerequested",
        asked_by=event.sender,
    )
