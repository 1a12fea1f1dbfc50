from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.pull_request import RETITLED, PullKey, Wish
from reviewbot.github.delivery import VerifiedDelivery, verify_delivery
from reviewbot.github.events import (
    BadDelivery,
    Closed,
    Event,
    GroupRequested,
    Ignored,
    Ping,
    Unknown,
)
from reviewbot.github.events import read_event as read_verified_event

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def event(action: str = "opened", **more: object) -> bytes:
    payload: dict[str, Any] = {
        "action": action,
        "repository": {"id": 5, "full_name": "acme/shop"},
        "pull_request": {"number": 7},
        "installation": {"id": 3},
    }
    return json.dumps(payload | more).encode()


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def read_event(name: str, body: bytes) -> Event:
    delivery = verify_delivery([SECRET], signed(body), body)
    assert delivery is not None
    return read_verified_event(name, delivery)


def test_githubs_own_test_vector_is_accepted() -> None:
    assert verify_delivery([SECRET], SIGNATURE, BODY) == VerifiedDelivery(BODY)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha1=abc",
        "sha256=é",
        "sha256=\ud800",
        SIGNATURE[:-1],
        SIGNATURE.upper(),
        f"{SIGNATURE}\n",
        signed(BODY, "another"),
        signed(b"another"),
    ],
)
def test_other_signatures_are_refused(signature: str | None) -> None:
    assert verify_delivery([SECRET], signature, BODY) is None


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_without_a_secret_nothing_is_accepted(secrets: list[str]) -> None:
    assert verify_delivery(secrets, SIGNATURE, BODY) is None
    assert verify_delivery(secrets, signed(BODY, ""), BODY) is None


def test_during_a_rotation_both_secrets_are_accepted_and_no_third() -> None:
    both = ["the new one", "the previous one"]
    for secret in both:
        assert verify_delivery(both, signed(BODY, secret), BODY)
    assert verify_delivery(both, signed(BODY, "a third"), BODY) is None


@pytest.mark.parametrize(
    "action", ["opened", "reopened", "synchronize", "ready_for_review", "labeled"]
)
def test_what_changes_a_review_is_a_wish(action: str) -> None:
    wish = read_event("pull_request", event(action))
    assert wish == Wish(PullKey(5, 7), "acme/shop", 3, action)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("reviewbot/high", "Bot", Ignored),
        ("Bot:Clean", "Bot", Ignored),
        ("reviewbot/high", "User", Wish),
        ("review-me", "Bot", Wish),
        (7, "Bot", Wish),
    ],
)
@pytest.mark.parametrize("action", ["labeled", "unlabeled"])
def test_labels_that_reviews_set_ask_for_no_further_review(
    action: str, name: object, kind: str, found: type
) -> None:
    body = event(action, label={"name": name}, sender={"type": kind})
    assert isinstance(read_event("pull_request", body), found)


def test_an_edit_is_a_wish_only_if_base_or_title_changed() -> None:
    based = read_event("pull_request", event("edited", changes={"base": {"ref": {}}}))
    assert isinstance(based, Wish)
    titled = read_event("pull_request", event("edited", changes={"title": {"from": "x"}}))
    assert isinstance(titled, Wish)
    assert titled.reason == RETITLED
    both = read_event("pull_request", event("edited", changes={"title": {}, "base": {}}))
    assert isinstance(both, Wish)
    assert both.reason == "edited"
    told = read_event("pull_request", event("edited", changes={"body": {"from": "x"}}))
    assert isinstance(told, Ignored)


def test_a_closed_pull_request_ends_what_waits() -> None:
    wish = Wish(PullKey(5, 7), "acme/shop", 3, "closed")
    assert read_event("pull_request", event("closed")) == Closed(wish)


@pytest.mark.parametrize("action", ["assigned", "stacked"])
def test_other_actions_are_ignored(action: str) -> None:
    assert isinstance(read_event("pull_request", event(action)), Ignored)


def test_other_events_are_unknown_and_pings_known() -> None:
    assert read_event("push", b"{}") == Unknown()
    assert read_event("ping", b"{}") == Ping()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=%7B%7D",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        event(repository={"id": "5", "full_name": "acme/shop"}),
        event(repository={"id": True, "full_name": "acme/shop"}),
        event(repository={"id": 5, "full_name": "acme/shop/../x"}),
        event(pull_request={"number": 0}),
        event(installation=3),
    ],
)
def test_what_is_not_as_documented_is_a_bad_delivery(body: bytes) -> None:
    with pytest.raises(BadDelivery):
        read_event("pull_request", body)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_read_or_refused(body: bytes, name: str) -> None:
    with contextlib.suppress(BadDelivery):
        read_event(name, body)


@pytest.mark.parametrize("ref", ["refs/heads/", ""])
def test_a_merge_group_names_its_pull_request_by_its_branch(ref: str) -> None:
    group = {
        "head_sha": "a" * 40,
        "head_ref": f"{ref}gh-readonly-queue/release/2/pr-104-{'b' * 40}",
    }
    asked = read_event("merge_group", event("checks_requested", merge_group=group))
    assert asked == GroupRequested(PullKey(5, 104), "acme/shop", 3, "a" * 40)


def test_a_merge_group_of_a_number_that_no_pull_request_has_is_left() -> None:
    ref = f"refs/heads/gh-readonly-queue/main/pr-9999999999-{'b' * 40}"
    group = {"head_sha": "a" * 40, "head_ref": ref}
    asked = read_event("merge_group", event("checks_requested", merge_group=group))
    assert isinstance(asked, Ignored)
