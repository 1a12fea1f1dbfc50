from __future__ import annotations

import json

import pytest

from reviewbot.github.permission import may_write
from tests.contracts.github.test_client import scripted


@pytest.mark.parametrize(
    ("answer", "may"),
    [
        ({"permission": "admin", "user": {"login": "alice", "id": 7}}, True),
        ({"permission": "write", "user": {"login": "alice", "id": 8}}, False),
        ({"permission": "write", "role_name": "maintain", "user": None}, True),
        ({"permission": "write"}, True),
        ({"permission": "read", "user": {"login": "alice", "id": 7}}, False),
        ({"permission": "none", "user": None}, False),
        ([], False),
    ],
)
def test_who_may_write_is_whoever_github_does_not_know_as_somebody_else(
    answer: object, *, may: bool
) -> None:
    with scripted((200, {}, json.dumps(answer).encode())) as (client, seen):
        assert may_write(client, "acme/shop", "alice", 7) is may
    assert seen == ["GET /api/v3/repos/acme/shop/collaborators/alice/permission"]


def test_who_is_unknown_may_not() -> None:
    with scripted((404, {}, b"{}")) as (client, _):
        assert may_write(client, "acme/shop", "alice", 7) is False
