"""Coming in and going out: the form, GitHub's OAuth, sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from reviewbot.sandbox.github import Fault, Person
from tests.contracts.dashboard.world import PAYMENTS, SHOP, TOKEN, proof_in, world

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

    from tests.contracts.dashboard.world import World


def cookie_of(answer: httpx2.Response, name: str) -> str:
    [cookie] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{name}=")]
    return str(cookie)


def test_the_form_opens_a_short_session_that_scripts_cannot_read(pages: World) -> None:
    with pages.client() as browser:
        proof = proof_in(browser.get("/sign-in?next=/costs/alerts").text)
        form = {"token": TOKEN, "proof": proof, "next": "/costs/alerts"}
        entered = browser.post("/sign-in", data=form)
        assert (entered.status_code, entered.headers["location"]) == (303, "/costs/alerts")
        cookie = cookie_of(entered, "reviewbot_session")
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Max-Age=3600"))
        assert "Secure" not in cookie  # plain HTTP on loopback
        assert TOKEN not in cookie
        assert browser.get("/costs/alerts").status_code == 200


def test_behind_https_the_session_is_secure(pages: World) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    with pages.client(**headers) as browser:
        first = browser.get("/sign-in")
        own = cookie_of(first, "reviewbot_form")
        assert "Secure" in own
        browser.cookies.clear()
        form = {"token": TOKEN, "proof": proof_in(first.text)}
        sent = {"Cookie": own.partition(";")[0]}
        entered = browser.post("/sign-in", data=form, headers=sent)
        assert "Secure" in cookie_of(entered, "reviewbot_session")


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({"token": "wrong"}, {}),
        ({"token": ""}, {}),
        ({"proof": "0" * 64}, {}),
        ({"proof": ""}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Cookie": ""}),
    ],
)
def test_a_wrong_token_or_a_forged_form_opens_nothing(
    pages: World, form: dict[str, str], headers: dict[str, str]
) -> None:
    with pages.client() as browser:
        proof = proof_in(browser.get("/sign-in").text)
        sent = {"token": TOKEN, "proof": proof} | form
        answer = browser.post("/sign-in", data=sent, headers=headers)
        assert answer.status_code == 403
        assert "reviewbot_session" not in browser.cookies
        assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "costs", "/a\r\nb"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(pages: World, address: str) -> None:
    with pages.client() as browser:
        proof = proof_in(browser.get("/sign-in").text)
        form = {"token": TOKEN, "proof": proof, "next": address}
        assert browser.post("/sign-in", data=form).headers["location"] == "/costs"


def test_signing_out_needs_its_own_form_and_ends_copies_of_the_session(pages: World) -> None:
    with pages.signed_in() as browser:
        assert browser.post("/sign-out", data={"proof": "0" * 64}).status_code == 403
        assert browser.get("/costs").status_code == 200
        proof = proof_in(browser.get("/costs").text)
        copied = browser.cookies["reviewbot_session"]
        assert browser.post("/sign-out", data={"proof": proof}).status_code == 303
        assert browser.get("/costs").status_code == 303
    with pages.client(Cookie=f"reviewbot_session={copied}") as thief:
        assert thief.get("/costs").status_code == 303
        assert thief.get("/api/v1/costs").status_code == 401


def test_github_is_asked_with_state_and_pkce(pages: World) -> None:
    with pages.client() as browser:
        sent = browser.get("/sign-in/github?next=/costs/endpoints")
        asked = parse_qs(urlsplit(sent.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 32
        cookie = cookie_of(sent, "reviewbot_oauth")
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Max-Age=600"))
        assert asked["state"][0] not in cookie
        back = browser.get(f"{sent.headers['location']}&as=bob").headers["location"]
        assert browser.get(back).headers["location"] == "/costs/endpoints"
        assert browser.get(back).status_code == 403  # neither code nor state opens twice


def test_a_code_counts_only_in_the_browser_that_was_sent(pages: World) -> None:
    with pages.client() as mallory, pages.client() as victim:
        there = mallory.get("/sign-in/github").headers["location"]
        back = mallory.get(f"{there}&as=bob").headers["location"]
        assert victim.get(back).status_code == 403
        victim.get("/sign-in/github")  # a journey of their own does not help
        assert victim.get(back).status_code == 403
        assert "reviewbot_session" not in victim.cookies
        assert mallory.get(back).status_code == 303


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=denied"])
def test_half_an_answer_opens_nothing(pages: World, query: str) -> None:
    with pages.client() as browser:
        browser.get("/sign-in/github")
        assert browser.get(f"/sign-in/github/callback{query}").status_code == 403
        assert "reviewbot_session" not in browser.cookies


def test_rights_that_github_takes_away_are_gone_with_the_session_kept(tmp_path: Path) -> None:
    with world(tmp_path) as own, own.person("bob") as bob:
        path = f"/costs/repositories/{PAYMENTS.id}"
        assert bob.get(path).status_code == 404
        own.github.add_person(Person("bob", 12, frozenset({SHOP.id, PAYMENTS.id})))
        assert bob.get(path).status_code == 404  # as asked less than five minutes ago
        with own.person("bob") as anew:
            assert anew.get(path).status_code == 200


def test_nobody_sees_anything_while_github_does_not_answer(tmp_path: Path) -> None:
    with world(tmp_path) as own, own.person("bob") as bob, own.administrator() as admin:
        for _ in range(12):
            own.github.faults.append(Fault("GET", "/user", status=503))
        answer = bob.get("/costs")
        assert answer.status_code == 503
        assert "acme" not in answer.text
        assert bob.get("/api/v1/costs").json()["error"] == "github-unavailable"
        assert admin.get("/costs").status_code == 200


def test_without_doors_nobody_comes_in(tmp_path: Path) -> None:
    closed = {"REVIEWBOT_GITHUB__CLIENT_ID": "", "REVIEWBOT_DASHBOARD__TOKEN_ENV": ""}
    with world(tmp_path, **closed) as own, own.client() as browser:
        page = browser.get("/sign-in")
        assert "Nobody can sign in yet" in page.text
        assert browser.get("/sign-in/github").status_code == 404
        assert browser.get("/sign-in/github/callback?code=a&state=b").status_code == 404
        with own.client(Authorization="Bearer") as empty:
            assert empty.get("/costs").status_code == 401
