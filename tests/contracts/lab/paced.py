"""Targets at servers of known pace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reviewbot.lab.profile import Target
from reviewbot.models.catalogue import flat_price
from reviewbot.models.config import EndpointConfig
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.sandbox.model import API_KEY, SandboxModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.sandbox.model_manners import Manners

PRICE = flat_price("1", "2")


class Watched:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.advanced: list[str] = []
        self.stopped: dict[str, str] = {}

    def advances(self, target: str) -> None:
        self.advanced.append(target)

    def stops(self, target: str, why: str) -> None:
        self.stopped[target] = why


@contextmanager
def paced(manners: Mapping[str, Manners]) -> Iterator[tuple[list[Target], SandboxModel]]:
    """A target for each model of a sandbox."""
    with SandboxModel(manners=manners) as server:
        streamer = StreamingEndpoint(EndpointConfig("loopback", server.base_url, API_KEY))
        try:
            yield [Target(name, name, streamer, PRICE, PRICE) for name in manners], server
        finally:
            streamer.close()
