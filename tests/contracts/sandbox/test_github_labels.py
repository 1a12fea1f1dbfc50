"""The sandbox refuses of labels and pull requests what GitHub refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from tests.contracts.github.test_forge import DIFF

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP = "/repos/acme/shop"


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub() as hub:
        hub.add_pull(SandboxPull(DIFF, labels=("urgent",)))
        yield hub


def ask(
    hub: SandboxGitHub,
    method: str,
    path: str,
    body: Any = None,  # noqa: ANN401 - JSON
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {hub.token}"}
    answer = requests.request(
        method, hub.url + SHOP + path, json=body, headers=headers, timeout=120
    )
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/labels", {"name": "new", "color": "0e8a16", "description": "fine"}, 201),
        ("POST", "/labels", {"name": "URGENT", "color": "0e8a16"}, 422),
        ("POST", "/labels", {"name": "x" * 51}, 422),
        ("POST", "/labels", {"name": "x", "color": "#0e8a16"}, 422),
        ("POST", "/labels", {"name": "x", "description": "x" * 101}, 422),
        ("POST", "/labels", {"color": "0e8a16"}, 422),
        ("GET", "/labels/Urgent", None, 200),
        ("GET", "/labels/missing", None, 404),
        ("POST", "/issues/1/labels", {"labels": ["made", "urgent"]}, 200),
        ("POST", "/issues/1/labels", {"labels": [7]}, 422),
        ("POST", "/issues/9/labels", {"labels": ["x"]}, 404),
        ("DELETE", "/issues/1/labels/URGENT", None, 200),
        ("DELETE", "/issues/1/labels/missing", None, 404),
        ("PATCH", "/pulls/1", {"title": "Better", "body": "Said"}, 200),
        ("PATCH", "/pulls/1", {"title": " "}, 422),
        ("PATCH", "/pulls/1", {"body": "x" * 65_537}, 422),
        ("PATCH", "/pulls/1", {"labels": ["x"]}, 422),
        ("PATCH", "/pulls/9", {"title": "x"}, 404),
    ],
)
def test_it_is_as_strict_as_github(
    hub: SandboxGitHub, method: str, path: str, body: object, status: int
) -> None:
    assert ask(hub, method, path, body)[0] == status


def test_labels_are_listed_and_named_as_the_repository_has_them(hub: SandboxGitHub) -> None:
    ask(hub, "POST", "/labels", {"name": "New", "color": "0E8A16"})
    _, added = ask(hub, "POST", "/issues/1/labels", {"labels": ["new", "Urgent"]})

    assert [label["name"] for label in added] == ["urgent", "New"]
    assert ask(hub, "GET", "/issues/1/labels")[1] == added
    assert {each["name"]: each["color"] for each in ask(hub, "GET", "/labels")[1]} == {
        "urgent": "ededed",
        "New": "0e8a16",
    }


def test_a_pull_request_is_edited_and_closed(hub: SandboxGitHub) -> None:
    _, edited = ask(hub, "PATCH", "/pulls/1", {"title": "T", "base": "next", "state": "closed"})

    assert (edited["title"], edited["base"]["ref"], edited["state"]) == ("T", "next", "closed")
