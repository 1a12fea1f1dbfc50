"""The alerts' address hears once of an endpoint below its SLA, and once that it is back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import LedgerError
from reviewbot.ledger.facts import Facts
from reviewbot.runtime.sla import SlaAlerts, Standing
from tests.contracts.models.scripted import Reply, Scripted

if TYPE_CHECKING:
    import pytest

    from reviewbot.ledger.database import Database

_BELOW = Standing("one", "eu", 99.5, 0.9)
_LOW = (
    "reviewbot: one (eu) did its part in 90 % of the last hour's attempts, below its SLA of 99.5 %"
)
_ABOVE = replace(_BELOW, share=0.999)


def _texts(there: Scripted) -> list[str]:
    return [heard.body["text"] for heard in there.heard]


def test_a_miss_and_its_end_are_told_of_once_however_many_processes_see_them(
    database: Database,
) -> None:
    with Scripted(Reply(200)).running() as there:
        processes = [SlaAlerts(Facts(database), there.url) for _ in range(3)]
        for now in (_ABOVE, _BELOW, replace(_BELOW, share=0.8), _ABOVE, _ABOVE, _BELOW):
            for process in processes:
                process.hear(now)
    assert _texts(there) == [
        _LOW,
        "reviewbot: one (eu) keeps its SLA of 99.5 % again: 99.9 % of the last hour's attempts",
        _LOW,
    ]
    said = there.heard[0].body
    assert (said["scope"], said["name"], said["region"]) == ("endpoint-availability", "one", "eu")
    assert (said["sla"], said["availability"]) == (99.5, 90.0)


def test_a_restart_says_nothing_twice_and_still_tells_of_the_end(database: Database) -> None:
    with Scripted(Reply(200)).running() as there:
        for now in (_BELOW, _BELOW, _ABOVE, _ABOVE):
            SlaAlerts(Facts(database), there.url).hear(now)
    assert len(there.heard) == 2


def test_an_address_that_fails_is_tried_again_five_times_at_the_most(database: Database) -> None:
    with Scripted(Reply(500)).running() as there:
        alerts = SlaAlerts(Facts(database), there.url)
        for _ in range(9):
            alerts.hear(_BELOW)
        assert len(there.heard) == 5
    with Scripted(Reply(503), Reply(200)).running() as there:
        alerts = SlaAlerts(Facts(database), there.url)
        for _ in range(9):
            alerts.hear(_ABOVE)
        assert len(there.heard) == 2


def test_a_ledger_that_cannot_be_used_delays_the_word_only(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(Facts):
        is_away = True

        def keep(self, kind: str, name: str, value: str) -> bool:
            if self.is_away:
                message = "it is away"
                raise LedgerError(message)
            return super().keep(kind, name, value)

    with Scripted(Reply(200)).running() as there:
        facts = Away(database)
        alerts = SlaAlerts(facts, there.url)
        alerts.hear(_BELOW)
        facts.is_away = False
        alerts.hear(_BELOW)
    assert len(there.heard) == 1
    assert "the ledger cannot be used" in caplog.text
