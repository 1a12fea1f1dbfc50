"""An organisation's defaults, from webhook to check, in comments and for the doctor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.sandbox.github import SandboxPull
from tests.journeys.driver import defect, diff_of
from tests.journeys.people import answered, invite

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

_PIN = 77
_PINNED = json.dumps([{"owner": "Acme", "settings_repository_id": _PIN}])
_FILES = {"src/orders.py": defect()}


def _settle(bot: Driver, text: str, repository_id: int = _PIN) -> None:
    bot.github.add_pull(
        SandboxPull(
            diff_of({"a.py": ["import os"]}),
            repository="acme/reviewbot-settings",
            repository_id=repository_id,
            base_files={".reviewbot.yml": text},
        )
    )


def _serve(bot: Driver) -> None:
    bot.serve(LIMITS__DEBOUNCE_SECONDS="0", ORGANISATIONS=_PINNED)


def test_an_organisation_s_gate_holds_in_its_repositories(local_bot: Driver) -> None:
    _settle(local_bot, "fail_on: high\nmin_severity: low")
    _serve(local_bot)
    pull = local_bot.open(_FILES, base_files={".reviewbot.yml": "language: de"})
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "failure"
    asked = [path for _, path, _ in local_bot.github.requests if "/repositories/" in path]
    assert len(asked) == 2
    invite(local_bot)
    told = answered(local_bot, pull, "/reviewbot config")
    assert "fail_on: high  # organisation" in told
    assert "language: de  # repository" in told


@pytest.mark.parametrize(("text", "pin"), [("max_coments: 3", _PIN), ("fail_on: high", _PIN + 1)])
def test_one_that_cannot_be_used_asks_nobody_and_says_so(
    local_bot: Driver, text: str, pin: int
) -> None:
    _settle(local_bot, text, pin)
    _serve(local_bot)
    pull = local_bot.open(_FILES)
    pull.deliver("opened")
    check = pull.wait_for_check()
    assert check["conclusion"] == "action_required"
    assert "settings repository of acme" in check["output"]["summary"]
    assert local_bot.model.calls == []


def _diagnosed(bot: Driver, owner: str, code: int) -> dict[str, Any]:
    pinned = json.dumps([{"owner": owner, "settings_repository_id": _PIN}])
    public = {"SERVER__PUBLIC_URL": "https://reviews.example.org"}
    said = json.loads(bot.run("doctor", "--json", code=code, ORGANISATIONS=pinned, **public))
    return next(each for each in said if each["part"] == f"organisation {owner}")


def test_the_doctor_looks_at_the_pin(local_bot: Driver) -> None:
    assert "cannot be read" in _diagnosed(local_bot, "acme", 2)["says"]
    _settle(local_bot, "fail_on: high")
    found = _diagnosed(local_bot, "acme", 2)  # for want of a webhook, not of this
    assert (found["health"], "read and valid" in found["says"]) == ("fine", True)
    assert "not installed there" in _diagnosed(local_bot, "umbrella", 2)["says"]
    local_bot.github.change_pull(
        1, "acme/reviewbot-settings", base_files={".reviewbot.yml": "fail_on: hihg"}
    )
    assert _diagnosed(local_bot, "acme", 2)["health"] == "wrong"
