"""Labels and body on a strict GitHub: what differs is written, and a refusal harms no review."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.extras import Extras, Label
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.github.auth import AppAuth, InstallationTokens, StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.extras import PullExtras
from reviewbot.github.forge import GitHubForge
from reviewbot.sandbox.github import App, Fault, SandboxGitHub, SandboxPull, generate_app_key
from tests.contracts.github.test_forge import DIFF, MARKER, Memory, no_sleep, publication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.pull_request import PullRequest

REQUEST = ReviewRequest("acme/shop", 1, "opened", 1)
HIGH = Label("bot/high", "d93f0b", "the worst is high")
CLEAN = Label("bot/clean", "0e8a16", "nothing found")
OWN = frozenset({"bot/high", "bot/clean", "bot/incomplete"})
LABELS = "/repos/acme/shop/issues/1/labels"


@pytest.fixture
def app() -> Iterator[tuple[SandboxGitHub, GitHubClient]]:
    """An App with the rights that it asks for: it labels, and creates no labels."""
    pem, public = generate_app_key()
    with SandboxGitHub(app=App(4242, public)) as hub:
        hub.add_pull(SandboxPull(DIFF, body="I changed it.", labels=("urgent",)))
        tokens = InstallationTokens(AppAuth("4242", pem), hub.url)
        yield hub, GitHubClient(hub.url, tokens, 1, sleep=no_sleep)


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(pat_may_check=True) as hub:
        hub.add_pull(SandboxPull(DIFF, body="I changed it.", labels=("urgent", "Bot/Incomplete")))
        yield hub


def by_token(hub: SandboxGitHub) -> GitHubClient:
    return GitHubClient(hub.url, StaticToken(hub.token), sleep=no_sleep)


def pull(client: GitHubClient) -> PullRequest:
    return GitHubForge(client, Memory(), MARKER).pull_request(REQUEST)


def write(client: GitHubClient, extras: Extras) -> None:
    PullExtras(client, MARKER).write(pull(client), extras)


def shown(client: GitHubClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/repos/acme/shop/pulls/1")
    return found


def labels(client: GitHubClient) -> list[str]:
    return [label["name"] for label in shown(client)["labels"]]


def writes(hub: SandboxGitHub) -> list[tuple[str, str, int]]:
    return [each for each in hub.requests if each[0] != "GET"]


# --- labels ----------------------------------------------------------------------------------


def test_labels_are_created_added_and_replaced_and_people_s_are_kept(hub: SandboxGitHub) -> None:
    client = by_token(hub)
    write(client, Extras((HIGH,), OWN))
    assert labels(client) == ["urgent", "bot/high"]
    assert client.get("/repos/acme/shop/labels/bot/high")["color"] == "d93f0b"

    write(client, Extras((CLEAN,), OWN))
    assert labels(client) == ["urgent", "bot/clean"]


def test_what_stands_is_not_written_again(hub: SandboxGitHub) -> None:
    client = by_token(hub)
    write(client, Extras((HIGH,), OWN))
    before = writes(hub)
    write(client, Extras((HIGH,), OWN))
    write(client, Extras())

    assert writes(hub) == before


def test_an_app_that_may_create_no_labels_uses_those_that_people_made(
    app: tuple[SandboxGitHub, GitHubClient],
) -> None:
    hub, client = app
    hub.add_label("Bot/High", "acme/shop")
    write(client, Extras((HIGH,), OWN))

    assert labels(client) == ["urgent", "Bot/High"]


def test_a_label_that_may_not_be_created_is_told_once_and_no_error(
    app: tuple[SandboxGitHub, GitHubClient], caplog: pytest.LogCaptureFixture
) -> None:
    hub, client = app
    write(client, Extras((HIGH,), OWN, "the walkthrough"))
    write(client, Extras((HIGH,), OWN))

    assert labels(client) == ["urgent"]
    assert "the walkthrough" in shown(client)["body"]
    [told] = [each.getMessage() for each in caplog.records]
    assert told.startswith("labels of acme/shop: nothing was changed: ")
    assert "permission to create labels" in told
    assert (("POST", LABELS, 403)) in writes(hub)


@pytest.mark.parametrize("status", [403, 404, 422, 501])
def test_a_github_without_these_features_harms_no_review(hub: SandboxGitHub, status: int) -> None:
    hub.faults.append(Fault("POST", LABELS, status=status))
    hub.faults.append(Fault("PATCH", "/repos/acme/shop/pulls/1", status=status))
    client = by_token(hub)
    github = GitHubForge(client, Memory(), MARKER)
    wanted = Extras((HIGH,), OWN, "the walkthrough")
    url = github.publish(replace(publication(pull(client)), extras=wanted))

    assert url
    assert hub.check_runs[-1]["conclusion"] == "failure"
    assert labels(client) == ["urgent"]
    assert shown(client)["body"] == "I changed it."


# --- the body --------------------------------------------------------------------------------


def test_the_body_keeps_what_its_author_edits_around_the_block(hub: SandboxGitHub) -> None:
    client = by_token(hub)
    write(client, Extras(description="first"))
    body = shown(client)["body"]
    hub.change_pull(1, body=body.replace("I changed it.", "Now I say more.") + "\n\nAnd below.")
    write(client, Extras(description="second"))

    edited = shown(client)["body"]
    assert edited.startswith("Now I say more.\n\n<!-- reviewbot:description:begin:")
    assert "first" not in edited
    assert edited.count("second") == 1
    assert edited.endswith("-->\n\nAnd below.")


def test_an_unchanged_block_is_not_written_again(hub: SandboxGitHub) -> None:
    client = by_token(hub)
    write(client, Extras(description="same"))
    before = writes(hub)
    write(client, Extras(description="same"))

    assert writes(hub) == before


def test_a_pull_request_without_a_body_gets_one(hub: SandboxGitHub) -> None:
    client = by_token(hub)
    hub.change_pull(1, body=None)
    write(client, Extras(description="all there is"))

    assert "all there is" in shown(client)["body"]
