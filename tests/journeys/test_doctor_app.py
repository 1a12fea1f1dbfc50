"""What doctor says of the App's registration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.runtime.diagnosis import Health
from reviewbot.runtime.doctor_app import examine_app
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.github import App, Delivery, Fault, SandboxGitHub, generate_app_key
from reviewbot.sandbox.github_access import GRANTED
from tests.journeys.driver import SECRET

if TYPE_CHECKING:
    from reviewbot.runtime.diagnosis import Diagnosis
    from tests.journeys.driver import Driver

_PUBLIC = "https://reviews.example.org"


def _diagnosed(bot: Driver, code: int = 0, **settings: str) -> dict[str, Any]:
    said = bot.run("doctor", "--json", code=code, SERVER__PUBLIC_URL=_PUBLIC, **settings)
    return {each["part"]: each for each in json.loads(said)}


def _note(bot: Driver, url: str, status: int) -> None:
    bot.github.note_delivery(Delivery(url, "ping", {}, SECRET), status)


def test_an_app_that_is_as_it_should_be_is_fine(local_bot: Driver) -> None:
    _note(local_bot, f"{_PUBLIC}/webhook", 200)
    found = _diagnosed(local_bot)
    for part in ("permissions and events", "installations", "webhook", "deliveries"):
        assert found[part]["health"] == "fine", found[part]
    assert "1 arrived" in found["deliveries"]["says"]


def test_deliveries_that_were_signed_otherwise_are_explained(local_bot: Driver) -> None:
    _note(local_bot, f"{_PUBLIC}/webhook", 401)
    found = _diagnosed(local_bot)["deliveries"]
    assert (found["health"], "answered 401" in found["says"]) == ("warning", True)
    assert "secret" in found["advice"]


def test_an_app_without_a_webhook_is_wrong(local_bot: Driver) -> None:
    found = _diagnosed(local_bot, code=2)["webhook"]
    assert (found["says"], "https://" in found["advice"]) == ("the App has no webhook URL", True)


def test_a_webhook_that_sends_forms_is_wrong(local_bot: Driver) -> None:
    _note(local_bot, f"{_PUBLIC}/webhook", 415)
    local_bot.github.set_content_type("form")
    found = _diagnosed(local_bot, code=2)["webhook"]
    assert found["says"] == "GitHub delivers forms, not JSON"
    assert "application/json" in found["advice"]


def test_a_webhook_that_leads_elsewhere_is_wrong(local_bot: Driver) -> None:
    _note(local_bot, "https://old.example.org/webhook", 502)
    found = _diagnosed(local_bot, code=2)
    assert "https://old.example.org" in found["webhook"]["says"]
    assert f"{_PUBLIC}/webhook" in found["webhook"]["advice"]


@pytest.mark.parametrize(
    ("accepted", "health", "says"),
    [
        ({"checks": "read"}, Health.WRONG, "acme has not accepted checks: write"),
        ({"issues": ""}, Health.WARNING, "acme has not accepted issues: read"),
    ],
)
def test_what_an_installation_has_not_accepted_is_named(
    accepted: dict[str, str], health: Health, says: str
) -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public, accepted=GRANTED | accepted)) as github:
        [found] = _of_installations(github, pem)
    assert (found.health, found.says) == (health, says)
    assert "accepts it" in found.advice


def test_an_app_that_is_installed_nowhere_is_told() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public, installations=frozenset())) as github:
        [found] = _of_installations(github, pem)
    assert (found.health, found.says) == (Health.WARNING, "the App is installed nowhere")


def test_a_suspended_installation_is_told(local_bot: Driver) -> None:
    _note(local_bot, f"{_PUBLIC}/webhook", 200)
    local_bot.github.suspend(1)
    assert _diagnosed(local_bot)["installations"]["says"] == "acme has suspended it"


def test_a_server_that_tells_of_no_installations_is_left_alone() -> None:
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(12, public)) as github:
        github.faults.append(Fault("GET", "/app/installations", status=404))
        assert _of_installations(github, pem) == []


def _of_installations(github: SandboxGitHub, pem: str) -> list[Diagnosis]:
    settings = load_settings(
        {
            "GITHUB_API_URL": github.url,
            "REVIEWBOT_GITHUB__APP_ID": "12",
            "REVIEWBOT_GITHUB__PRIVATE_KEY_ENV": "PEM",
            "PEM": pem,
        }
    )
    return [each for each in examine_app(settings) if each.part == "installations"]


def test_an_app_that_may_create_no_labels_is_told_of_where_labels_are_wanted(
    local_bot: Driver,
) -> None:
    _note(local_bot, f"{_PUBLIC}/webhook", 200)
    assert "labels" not in _diagnosed(local_bot)
    found = _diagnosed(local_bot, POLICY__LABELS="true")["labels"]
    assert (found["health"], "by hand" in found["advice"]) == ("warning", True)
