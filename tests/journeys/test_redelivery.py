"""Deliveries that came while nobody was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.sandbox.github import Delivery
from tests.fakes.ports import deaf_port
from tests.journeys.driver import SECRET, defect, wait_for

if TYPE_CHECKING:
    from tests.journeys.driver import Driver


def test_what_was_missed_while_the_service_was_down_is_reviewed_after_its_start(
    local_bot: Driver,
) -> None:
    with deaf_port() as port:
        _is_reviewed_after_its_start(local_bot, port)


def _is_reviewed_after_its_start(local_bot: Driver, port: int) -> None:
    pull, known = local_bot.open({"src/a.py": defect()}), local_bot.open({"src/b.py": defect()})
    url = f"http://127.0.0.1:{port}/webhook"
    for each, statuses in ((pull, [502]), (known, [502, 202])):
        payload = local_bot.github.payload("opened", each.number, 1, each.repository)
        delivery = Delivery(url, "pull_request", payload, SECRET)
        for status in statuses:
            local_bot.github.note_delivery(delivery, status)
    service = local_bot.serve("--port", str(port), LIMITS__DEBOUNCE_SECONDS="0")
    assert pull.wait_for_check()["conclusion"] == "success"
    assert known.checks() == []
    assert len(service.events("redelivered")) == 1
    again = [each for each in local_bot.github.deliveries if each["redelivery"]]
    wait_for("the log's entry", lambda: again[-1]["status_code"] == 202)
