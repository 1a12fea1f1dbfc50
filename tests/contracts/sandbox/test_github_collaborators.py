"""The sandbox GitHub's people: their rights, their comments, reactions, and the events of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.github import SandboxGitHub
from tests.contracts.sandbox.test_github import (
    APP,
    HEAD,
    PULL,
    PULLS,
    Client,
    comment,
    installation_token,
    review,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = "/repos/acme/shop"


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(app=APP) as hub:
        hub.add_pull(PULL)
        yield hub


@pytest.fixture
def bot(hub: SandboxGitHub) -> Client:
    return Client(hub, installation_token(hub))


@pytest.mark.parametrize(
    ("role", "permission", "named"),
    [
        ("admin", "admin", "admin"),
        ("maintain", "write", "maintain"),
        ("write", "write", "write"),
        ("triage", "read", "triage"),
        ("", "read", "read"),
    ],
)
def test_a_role_comes_down_to_one_of_four_words(
    hub: SandboxGitHub, bot: Client, role: str, permission: str, named: str
) -> None:
    hub.add_collaborator("Maria", 8, role)
    said = bot("GET", f"{_HERE}/collaborators/maria/permission").json()
    assert (said["permission"], said["role_name"], said["user"]["id"]) == (permission, named, 8)


def test_nobody_has_no_permission(bot: Client) -> None:
    assert bot("GET", f"{_HERE}/collaborators/nobody/permission").status_code == 404


def test_a_reaction_is_given_once_to_a_comment_that_is_there(
    hub: SandboxGitHub, bot: Client
) -> None:
    below = hub.add_issue_comment(1, "hello")
    path = f"{_HERE}/issues/comments/{below['id']}/reactions"
    codes = [bot("POST", path, {"content": "eyes"}).status_code for _ in range(2)]
    assert (codes, len(hub.reactions)) == ([201, 200], 1)
    assert bot("POST", path, {"content": "yawn"}).status_code == 422
    assert bot("POST", path, {}).status_code == 422
    gone = f"{_HERE}/issues/comments/1/reactions"
    assert bot("POST", gone, {"content": "eyes"}).status_code == 404
    elsewhere = f"{_HERE}/pulls/comments/{below['id']}/reactions"
    assert bot("POST", elsewhere, {"content": "eyes"}).status_code == 404


def test_a_token_without_the_right_reacts_to_nothing(hub: SandboxGitHub) -> None:
    below = hub.add_issue_comment(1, "hello")
    weak = Client(hub, installation_token(hub, {"permissions": {"pull_requests": "read"}}))
    answer = weak("POST", f"{_HERE}/issues/comments/{below['id']}/reactions", {"content": "eyes"})
    assert answer.status_code == 403


def test_people_reply_in_threads_and_events_tell_of_it(hub: SandboxGitHub, bot: Client) -> None:
    said = review(comment("src/cart.py", 2))
    assert bot("POST", f"{PULLS}/reviews", said).status_code == 200
    [first] = hub.review_comments
    reply = hub.add_reply(first["id"], "why?", "maria", 8)
    assert (reply["in_reply_to_id"], reply["path"]) == (first["id"], "src/cart.py")
    path = f"{_HERE}/pulls/comments/{reply['id']}/reactions"
    assert bot("POST", path, {"content": "eyes"}).status_code == 201

    event, payload = hub.comment_payload(reply, 1, 77, "acme/shop")
    assert event == "pull_request_review_comment"
    assert payload["pull_request"]["head"]["sha"] == HEAD
    assert (payload["sender"]["login"], payload["installation"]["id"]) == ("maria", 77)

    event, payload = hub.comment_payload(hub.add_issue_comment(1, "hi"), 1, 77, "acme/shop")
    assert (event, payload["action"]) == ("issue_comment", "created")
    assert payload["issue"]["pull_request"]["url"].endswith(PULLS)
    with pytest.raises(KeyError):
        hub.add_reply(1, "why?", "maria", 8)
