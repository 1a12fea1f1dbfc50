"""The App's webhook: where it delivers, what was missed, and asking for it again, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import ForgeUnavailable
from reviewbot.github.auth import AppAuth
from reviewbot.github.client import GitHubClient
from reviewbot.github.hook import Hook, read_hook, read_log
from reviewbot.ledger.turns import Turns
from reviewbot.runtime.metrics import Metrics
from reviewbot.runtime.redelivery import Redelivery
from reviewbot.sandbox.github import App, Delivery, Fault, SandboxGitHub, generate_app_key
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reviewbot.ledger.database import Database

PEM, PUBLIC = generate_app_key()
NOWHERE = "http://127.0.0.1:9/webhook"
ATTEMPTS = "/attempts"


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(app=App(12, PUBLIC)) as hub:
        yield hub


@pytest.fixture
def client(hub: SandboxGitHub) -> Callable[[], GitHubClient]:
    return lambda: GitHubClient(hub.url, AppAuth("12", PEM), sleep=lambda _: None)


def note(hub: SandboxGitHub, *statuses: int) -> str:
    delivery = Delivery(NOWHERE, "pull_request", {"action": "opened"}, "secret")
    for status in statuses:
        hub.note_delivery(delivery, status)
    return delivery.guid


def asked_again(hub: SandboxGitHub) -> int:
    return sum(path.endswith(ATTEMPTS) for method, path, _ in hub.requests if method == "POST")


def test_a_delivery_is_missed_only_if_none_of_its_attempts_arrived(
    hub: SandboxGitHub, client: Callable[[], GitHubClient]
) -> None:
    missed = note(hub, 502)
    note(hub, 200)
    note(hub, 502, 202)
    note(hub, 204, 502)
    twice = note(hub, 500, 502)
    log = read_log(client())
    assert [each.guid for each in log.missed] == [missed, twice]
    assert (log.missed[1].status, log.arrived) == (502, 3)


def test_all_pages_are_read(hub: SandboxGitHub, client: Callable[[], GitHubClient]) -> None:
    missed = note(hub, 502)
    for _ in range(230):
        note(hub, 200)
    log = read_log(client())
    assert ([each.guid for each in log.missed], log.arrived) == ([missed], 230)


def test_what_github_does_not_send_again_is_left(
    hub: SandboxGitHub, client: Callable[[], GitHubClient]
) -> None:
    note(hub, 502)
    later = datetime.now(UTC) + timedelta(days=3, seconds=5)
    assert read_log(client(), later).missed == ()


def test_where_github_delivers_to_is_told(
    hub: SandboxGitHub, client: Callable[[], GitHubClient]
) -> None:
    assert read_hook(client()) == Hook("")
    note(hub, 200)
    assert read_hook(client()) == Hook(NOWHERE)


def test_what_was_missed_is_asked_for_once(
    hub: SandboxGitHub, client: Callable[[], GitHubClient], database: Database
) -> None:
    note(hub, 502)
    redelivery = Redelivery(database, Metrics(), client)
    assert (redelivery.look(), redelivery.look(), asked_again(hub)) == (1, 0, 1)
    # It failed again, and is left to people.
    assert len(read_log(client()).missed) == 1


def test_of_many_processes_one_asks(
    hub: SandboxGitHub, client: Callable[[], GitHubClient], database: Database
) -> None:
    for _ in range(5):
        note(hub, 502)
    redelivery = Redelivery(database, Metrics(), client)
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda _: redelivery.look(rest=60.0), range(4)))
    assert (sorted(looks), asked_again(hub)) == ([0, 0, 0, 5], 5)


def test_what_github_did_not_take_is_asked_for_again_later(
    hub: SandboxGitHub, client: Callable[[], GitHubClient], database: Database
) -> None:
    note(hub, 502)
    redelivery = Redelivery(database, Metrics(), client)
    [entry] = hub.deliveries
    path = f"/app/hook/deliveries/{entry['id']}{ATTEMPTS}"
    hub.faults.append(Fault("POST", path, status=503))
    with pytest.raises(ForgeUnavailable):
        redelivery.look()
    assert redelivery.look() == 1


def test_a_turn_that_a_killed_process_had_is_taken_when_its_time_is_over(
    database: Database,
) -> None:
    turned = TurnableClock()
    turns = Turns(database, turned.clock())
    assert turns.take("look", "killed")
    assert not turns.take("look", "next")
    turned.turn(601)
    assert turns.take("look", "next")
    turns.end("look", "killed")
    assert not turns.take("look", "third")
    turns.end("look", "next")
    assert not turns.take("look", "third", rest=60)
    turned.turn(61)
    assert turns.take("look", "third", rest=60)
