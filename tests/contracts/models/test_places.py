"""Files of one review whose code may go to different places, over the real way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ModelUnavailable
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.policy import Data
from reviewbot.ledger import egress
from reviewbot.models.attempt import Attempts, Route
from reviewbot.models.breaker import Breaker
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience, RouteConfig
from reviewbot.models.endpoint import Endpoint
from reviewbot.models.faults import Fault
from reviewbot.models.router import Router
from tests.contracts.models.scripted import Scripted, says
from tests.contracts.models.whole import new_files, whole
from tests.contracts.models.world import PRICE, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger
from tests.fakes.ports import deaf_port

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = '{"findings":[],"risk":0.1,"summary":"fine"}'
DIFF = new_files({"src/a.py": "value = 1", "secret/b.py": "hidden = 2", "nobody/c.py": "lost = 3"})
POLICY = {
    "data": {
        "paths": [
            {"path": "secret/**", "allowed_jurisdictions": ["EU"]},
            {"path": "nobody/**", "allowed_jurisdictions": []},
        ]
    }
}


def test_each_file_goes_only_where_it_may_and_the_rest_is_named(tmp_path: Path) -> None:
    with Scripted(says(NOTHING)).running() as us, Scripted(says(NOTHING)).running() as eu:
        known = config(endpoint("us", us.url, "US"), endpoint("eu", eu.url, "EU"))
        with whole(tmp_path, known) as here:
            report = here.review(DIFF, policy=POLICY)
            rows = [(row["endpoint"], row["jurisdiction"]) for row in egress.entries(here.database)]
    assert "hidden = 2" not in str(us.heard)
    assert "value = 1" in str(us.heard)
    assert "hidden = 2" in str(eu.heard)
    assert "lost = 3" not in str([us.heard, eu.heard])
    assert sorted(rows) == [("eu", "EU"), ("us", "US")]
    failed = [each for each in report.receipt.entries if each.coverage is Coverage.FAILED]
    assert [each.segment.path for each in failed] == ["nobody/c.py"]
    assert "the policy lets no code go to its endpoints" in failed[0].detail
    assert not report.receipt.complete


def test_no_other_route_stands_in_where_the_only_allowed_one_is_down() -> None:
    with deaf_port() as port, Scripted(says()).running() as us:
        away = f"http://127.0.0.1:{port}/v1"
        known = config(endpoint("eu", away, "EU"), endpoint("us", us.url, "US"))
        router = Router(known, FakeLedger(), Clock.real())
        with pytest.raises(ModelUnavailable):
            router.ask(question(data=Data(allowed_jurisdictions=("EU",))), purse())
        router.close()
    assert not us.heard


def test_the_places_of_the_files_are_checked_again_before_anything_leaves() -> None:
    ledger = FakeLedger()
    with Scripted(says()).running() as server:
        route = Route(
            "small-model",
            RouteConfig("us", "small", PRICE),
            Endpoint(endpoint("us", server.url, "US")),
            Breaker(Clock.real().monotonic),
        )
        attempts = Attempts(ledger, Clock.real(), Patience(), 4)
        with pytest.raises(Fault, match="the policy lets no code go to us"):
            attempts.make(question(data=Data(allowed_jurisdictions=("EU",))), purse(), route)
        route.endpoint.close()
    assert not server.heard
    assert not ledger.entries
