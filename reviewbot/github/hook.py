"""The App's webhook as GitHub has it: where it delivers, and what did not arrive."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, Field, ValidationError

from reviewbot.domain.errors import NotFound
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviewbot.github.client import GitHubClient

_LOG = "/app/hook/deliveries"
_KEPT = timedelta(days=3)  # GitHub sends nothing older again


class _Entry(Payload):
    id: int = Field(strict=True, gt=0)
    guid: str = Field(strict=True, pattern=r"^[A-Za-z0-9-]{1,100}$")
    delivered_at: AwareDatetime
    status_code: int = 0
    event: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the other side took it."""
        return self.status_code in range(200, 300)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where GitHub delivers to, empty if nowhere, and whether it sends what can be read here."""

    url: str
    sends_json: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery; *status* is what GitHub got for an answer."""

    id: int
    guid: str
    at: datetime
    status: int
    event: str


@dataclass(frozen=True, slots=True)
class Log:
    """The attempts of the last days, by delivery: what arrived, and what never did."""

    arrived: int
    missed: tuple[Attempt, ...]  # the newest attempt of each, oldest delivery first


def read_hook(client: GitHubClient) -> Hook:
    """Where and how GitHub delivers; raises what the client raises."""
    try:
        config = client.get("/app/hook/config")
    except NotFound:
        config = None
    if not isinstance(config, dict):
        return Hook("")
    url = config.get("url")
    return Hook(url if isinstance(url, str) else "", config.get("content_type") != "form")


def read_log(client: GitHubClient, now: datetime | None = None) -> Log:
    """The log of deliveries, grouped by GUID: one counts as missed only if no attempt arrived."""
    oldest = (now or datetime.now(UTC)) - _KEPT
    newest: dict[str, Attempt] = {}
    arrived: set[str] = set()
    for entry in _entries(client.pages(_LOG)):
        if entry.delivered_at < oldest:
            break
        if entry.arrived:
            arrived.add(entry.guid)
        attempt = Attempt(entry.id, entry.guid, entry.delivered_at, entry.status_code, entry.event)
        newest.setdefault(entry.guid, attempt)
    missed = [each for guid, each in newest.items() if guid not in arrived]
    return Log(len(arrived), tuple(reversed(missed)))


def send_again(client: GitHubClient, attempt: Attempt) -> None:
    """Ask GitHub for another attempt; raises what the client raises."""
    client.post(f"{_LOG}/{attempt.id}/attempts", {})


def _entries(items: Iterable[object]) -> Iterator[_Entry]:
    for item in items:
        with suppress(ValidationError):
            yield _Entry.model_validate(item)
