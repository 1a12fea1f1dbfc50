"""The sandbox's GraphQL refuses what GitHub's refuses: with status 200, and errors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import jwt
import pytest

from reviewbot.sandbox.github import App, SandboxGitHub, SandboxPull, generate_app_key
from reviewbot.sandbox.github_access import GRANTED
from tests.contracts.sandbox.test_github import DIFF, NO_TLS

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = """query ($after: String) {
  repository(owner: "acme", name: "shop") { pullRequest(number: 1) {
    reviewThreads(first: 2, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        id isResolved isOutdated viewerCanResolve resolvedBy { login }
        comments(first: 1) { nodes {
          id databaseId author { __typename login }
          reactions(first: 5, content: THUMBS_UP) { totalCount nodes { user { login } } }
        } }
      }
    }
  } }
}"""
_RESOLVE = """mutation ($t: ID!) {
  resolveReviewThread(input: {threadId: $t}) { thread { isResolved resolvedBy { login } } }
}"""


def _of_pull(fields: str, number: int = 1) -> str:
    pull = f"pullRequest(number: {number}) {{ {fields} }}"
    return f'{{ repository(owner: "acme", name: "shop") {{ {pull} }} }}'


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub() as hub:
        hub.add_pull(SandboxPull(DIFF))
        hub.add_collaborator("maria", 8, "write")
        comments = [
            {"path": "src/cart.py", "line": line, "side": "RIGHT", "body": f"line {line}"}
            for line in (2, 3, 4)
        ]
        review = {"event": "COMMENT", "body": "b", "commit_id": "a" * 40, "comments": comments}
        assert _post(hub, "/repos/acme/shop/pulls/1/reviews", review)["state"] == "COMMENTED"
        yield hub


def _post(hub: SandboxGitHub, path: str, body: object, token: str = "") -> Any:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {token or hub.token}", "User-Agent": "test"}
    url = hub.url + path
    answer = httpx2.post(url, json=body, headers=headers, verify=NO_TLS, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ask(hub: SandboxGitHub, query: str, token: str = "", **variables: Any) -> Any:  # noqa: ANN401 - JSON
    return _post(hub, "/api/graphql", {"query": query, "variables": variables}, token)


def _threads(hub: SandboxGitHub, after: str | None = None) -> Any:  # noqa: ANN401 - JSON
    answer = _ask(hub, _THREADS, after=after)
    assert "errors" not in answer
    return answer["data"]["repository"]["pullRequest"]["reviewThreads"]


def test_threads_come_in_pages_with_what_people_did(hub: SandboxGitHub) -> None:
    comment = hub.review_comments[0]
    hub.add_reply(comment["id"], "why?", "maria", 8)
    hub.threads.resolve(comment["id"], "maria", 8)
    hub.threads.react(comment["id"], "+1", "maria", 8)
    hub.threads.react(comment["id"], "+1", "maria", 8)
    hub.threads.react(comment["id"], "eyes", "maria", 8)
    page = _threads(hub)
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    thread, other = page["nodes"]
    assert (thread["isResolved"], thread["resolvedBy"]) == (True, {"login": "maria"})
    assert (other["isResolved"], other["resolvedBy"], other["viewerCanResolve"]) == (
        False,
        None,
        True,
    )
    [first] = thread["comments"]["nodes"]
    assert (first["id"], first["databaseId"]) == (comment["node_id"], comment["id"])
    assert first["author"] == {"__typename": "User", "login": "token-owner"}
    assert first["reactions"] == {"totalCount": 1, "nodes": [{"user": {"login": "maria"}}]}
    hub.threads.unreact(comment["id"], "maria")
    hub.threads.reopen(comment["id"])
    last = _threads(hub, page["pageInfo"]["endCursor"])
    assert (len(last["nodes"]), last["pageInfo"]["hasNextPage"]) == (1, False)
    assert _threads(hub)["nodes"][0]["comments"]["nodes"][0]["reactions"]["totalCount"] == 0


def test_a_push_makes_threads_outdated(hub: SandboxGitHub) -> None:
    hub.push(1, DIFF, "d" * 40)
    assert [each["isOutdated"] for each in _threads(hub)["nodes"]] == [True, True]


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("{ repository(owner: 1, name: 2) { id } }", "String cannot represent"),
        ("{ viewer { login } }", "Field 'viewer' doesn't exist on type 'Query'"),
        ("query {", "Syntax Error"),
        ('{ repository(owner: "acme", name: "gone") { id } }', "Could not resolve to a Reposi"),
        (
            _of_pull("id", 9),
            "Could not resolve to a PullRequest with the number of 9.",
        ),
        (
            _of_pull("reviewThreads { totalCount }"),
            "You must provide a `first` or `last`",
        ),
        (
            _of_pull("reviewThreads(first: 101) { totalCount }"),
            "exceeds the `first` limit",
        ),
        (
            'mutation { resolveReviewThread(input: {threadId: "9002"}) { clientMutationId } }',
            "Could not resolve to a node with the global id of '9002'.",
        ),
        ("mutation { resolveReviewThread { clientMutationId } }", "is required"),
    ],
)
def test_what_github_refuses_is_refused_with_errors(
    hub: SandboxGitHub, query: str, about: str
) -> None:
    answer = _ask(hub, query)
    assert about in answer["errors"][0]["message"]


def test_an_unknown_field_is_named_as_github_names_it(hub: SandboxGitHub) -> None:
    answer = _ask(hub, '{ repository(owner: "acme", name: "shop") { threads } }')
    assert answer == {
        "errors": [
            {
                "message": "Field 'threads' doesn't exist on type 'Repository'",
                "locations": [{"line": 1, "column": 45}],
                "extensions": {
                    "code": "undefinedField",
                    "typeName": "Repository",
                    "fieldName": "threads",
                },
            }
        ]
    }


@pytest.mark.parametrize(("contents", "may"), [("read", False), ("write", True)])
def test_an_app_resolves_only_with_the_right_to_write_to_the_code(
    contents: str, *, may: bool
) -> None:
    pem, key = generate_app_key()
    app = App(5, key, permissions={**GRANTED, "contents": contents})
    with SandboxGitHub(app=app) as hub:
        hub.add_pull(SandboxPull(DIFF))
        now = int(time.time())
        signed = jwt.encode({"iat": now - 60, "exp": now + 300, "iss": "5"}, pem, "RS256")
        headers = {"Authorization": f"Bearer {signed}", "User-Agent": "test"}
        url = f"{hub.url}/app/installations/1/access_tokens"
        token = httpx2.post(url, headers=headers, verify=NO_TLS, trust_env=False).json()["token"]
        comment = {"path": "src/cart.py", "line": 2, "side": "RIGHT", "body": "b"}
        review = {"event": "COMMENT", "body": "b", "commit_id": "a" * 40, "comments": [comment]}
        _post(hub, "/repos/acme/shop/pulls/1/reviews", review, token)
        thread = f"PRRT_{hub.review_comments[0]['id']}"
        answer = _ask(hub, _RESOLVE, token, t=thread)
    if may:
        told = {"isResolved": True, "resolvedBy": {"login": "reviewbot"}}
        assert answer == {"data": {"resolveReviewThread": {"thread": told}}}
    else:
        assert answer["data"] == {"resolveReviewThread": None}
        [error] = answer["errors"]
        assert error["type"] == "FORBIDDEN"
        assert error["message"] == "Resource not accessible by integration"


def test_only_authors_and_writers_see_a_button_to_resolve(hub: SandboxGitHub) -> None:
    comment_id = hub.review_comments[0]["id"]
    with pytest.raises(PermissionError):
        hub.threads.resolve(comment_id, "mallory", 666)
    with pytest.raises(KeyError):
        hub.threads.resolve(404, "maria", 8)
    hub.threads.resolve(comment_id, "alice", 7)


def test_who_is_nobody_is_told_so_by_status(hub: SandboxGitHub) -> None:
    url = f"{hub.url}/graphql"
    headers = {"Authorization": "Bearer wrong", "User-Agent": "test"}
    answer = httpx2.post(url, json={"query": "{ x }"}, headers=headers, trust_env=False)
    assert answer.status_code == 401
    headers["Authorization"] = f"Bearer {hub.token}"
    assert httpx2.post(url, json={}, headers=headers, trust_env=False).status_code == 400
