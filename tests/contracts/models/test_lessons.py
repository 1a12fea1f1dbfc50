"""What an endpoint does not take is learned once, and known after a restart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import LedgerError
from reviewbot.ledger.facts import Facts
from reviewbot.models.router import Router
from tests.contracts.models.scripted import Heard, Reply, Scripted, refuses, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database
    from reviewbot.models.dialects import Memory


class Plain(Scripted):
    """Takes no response_format."""

    def reply_to(self, heard: Heard) -> Reply:
        said = super().reply_to(heard)
        return refuses(400, "unknown: response_format") if "response_format" in heard.body else said


class Broken:
    """A memory that cannot be used."""

    def value(self, kind: str, name: str) -> str:
        message = f"{kind} {name}"
        raise LedgerError(message)

    def keep(self, kind: str, name: str, value: str) -> bool:
        return bool(self.value(kind, name + value))


@dataclass
class Process:
    """One process after the other, on the same memory."""

    server: Scripted
    memory: Memory
    streams: bool = False

    def requests(self, *, days: int = 0) -> int:
        """How many requests a question takes in a process of its own."""
        before = len(self.server.heard)
        now = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(days=days)
        clock = replace(Hours().clock, now=lambda: now)
        there = replace(endpoint("one", self.server.url), stream=self.streams)
        router = Router(config(there), FakeLedger(), clock)
        router.remember_in(self.memory)
        router.ask(question(), purse())
        router.close()
        return len(self.server.heard) - before


def test_what_was_refused_is_not_sent_again_after_a_restart(database: Database) -> None:
    with Plain(says()).running() as server:
        process = Process(server, Facts(database))
        assert [process.requests(), process.requests()] == [3, 1]


@pytest.mark.parametrize("word", ["stream", "stream_options"])
def test_who_takes_no_streams_is_not_asked_for_them_after_a_restart(
    database: Database, word: str
) -> None:
    class Whole(Scripted):
        def reply_to(self, heard: Heard) -> Reply:
            said = super().reply_to(heard)
            return refuses(400, f"unknown: {word}") if word in heard.body else said

    with Whole(says()).running() as server:
        process = Process(server, Facts(database), streams=True)
        assert process.requests() > 1
        assert process.requests() == 1


def test_what_was_learned_long_ago_is_tried_again(database: Database) -> None:
    with Plain(says()).running() as server:
        process = Process(server, Facts(database))
        assert [process.requests(days=day) for day in (0, 6, 8)] == [3, 1, 3]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"on": 3}', '{"on": "2026-11-24"}', "null"])
def test_a_memory_that_makes_no_sense_is_an_empty_one(database: Database, text: str) -> None:
    class Garbled(Facts):
        def value(self, kind: str, name: str) -> str:
            super().value(kind, name)
            return text

    with Plain(says()).running() as server:
        assert Process(server, Garbled(database)).requests() == 3


def test_a_memory_that_fails_costs_no_answer() -> None:
    with Plain(says()).running() as server:
        assert Process(server, Broken()).requests() == 3
