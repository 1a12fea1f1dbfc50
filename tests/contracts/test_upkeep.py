"""What the service does beside its reviews: tells alerts, presumes what expired, tidies up."""

from __future__ import annotations

import json
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import Usage
from reviewbot.ledger import alerts
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.desk import Desk
from reviewbot.ledger.export import attempts
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from reviewbot.runtime.core import open_core
from reviewbot.runtime.metrics import Metrics
from reviewbot.runtime.settings import load_settings
from reviewbot.runtime.upkeep import Upkeep, alarm, post_alerts
from tests.contracts.ledger.charges import charge
from tests.contracts.models.scripted import Reply, Scripted
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reviewbot.runtime.core import Core

_MINUTE = 60.0


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def core(tmp_path: Path, metrics: Metrics) -> Iterator[Core]:
    environ = {
        "REVIEWBOT_API_KEY": "none",
        "REVIEWBOT_BASE_URL": "http://127.0.0.1:1/v1",
        "REVIEWBOT_CHEAP_MODEL": "small",
        "REVIEWBOT_CHEAP_PRICE": "1/1",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
    }
    with open_core(load_settings(environ), alarm(metrics)) as opened:
        yield opened


@contextmanager
def _kept_up(core: Core, alerts_url: str = "") -> Iterator[None]:
    upkeep = Upkeep(core, Desk(core.database), alerts_url)
    upkeep.start()
    try:
        yield
    finally:
        upkeep.stop()


def _fill(core: Core) -> None:
    """Nine tenths of a pull request's limit."""
    grant = core.ledger.reserve(charge("0.9"))
    core.ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(900_000, 0)))


def _wait_for(look: Callable[[], object]) -> None:
    end = time.monotonic() + _MINUTE
    while not look() and time.monotonic() < end:
        time.sleep(0.01)
    assert look()


def test_an_alert_is_logged_and_counted_once_without_a_repository_s_name(
    core: Core, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _fill(core)
        _fill_again_little(core)
    said = [record for record in caplog.records if record.getMessage() == "budget alert"]
    assert len(said) == 1
    sample = 'reviewbot_budget_alerts_total{level="80",scope="pull-request"} 1.0'
    assert sample in metrics.text().decode()
    assert "acme" not in metrics.text().decode()


def _fill_again_little(core: Core) -> None:
    grant = core.ledger.reserve(charge("0.05"))
    core.ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(1, 0)))


def test_alerts_are_posted_to_the_address_of_the_configuration_once(core: Core) -> None:
    _fill(core)
    with Scripted(Reply(200, b"ok")).running() as there, _kept_up(core, there.url):
        _wait_for(lambda: there.heard)
    [heard] = there.heard
    assert heard.body["text"].startswith("reviewbot: 80 % of the budget of the pull request")
    assert (heard.body["scope"], heard.body["level"]) == ("pull-request", 80)
    assert (heard.body["spent_usd"], heard.body["limit_usd"]) == ("0.9", "1")
    json.dumps(heard.body)


def test_an_address_that_fails_or_redirects_is_tried_again_and_never_followed(core: Core) -> None:
    _fill(core)
    elsewhere = Reply(307, b"", {"Location": "http://127.0.0.1:1/"})
    with Scripted(elsewhere, Reply(500), Reply(200)).running() as there:
        for _ in range(4):
            post_alerts(core, there.url)
    assert len(there.heard) == 3
    assert alerts.take_untold(core.database) is None


def test_an_address_that_cannot_be_reached_harms_nothing(core: Core) -> None:
    _fill(core)
    for _ in range(6):
        post_alerts(core, "http://127.0.0.1:1/")
    assert alerts.take_untold(core.database) is None
    assert len(alerts.recent(core.database)) == 1


def test_expired_reservations_are_presumed_and_old_calls_are_thrown_away(core: Core) -> None:
    turned = TurnableClock(time.time() - 1_000 * 86_400)
    old = SqlLedger(core.database, turned.clock())
    old.settle(old.reserve(charge("0.1")), Attempt(Ending.ANSWERED, Usage(1_000, 0)))
    core.ledger.reserve(charge("0.1", number=2, lease=-1))
    with _kept_up(core):
        _wait_for(lambda: [row["state"] for row in attempts(core.database)] == ["presumed"])
    [line] = spend(core.database, Query(By.REPO))
    assert line.calls == 2
