"""Who sees what: every route, every kind of visitor."""

from __future__ import annotations

import itertools
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.contracts.dashboard.world import PAYMENTS, SHOP, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import httpx2

    from tests.contracts.dashboard.world import World

HIDDEN = f"/costs/repositories/{PAYMENTS.id}"
OWN = f"/costs/repositories/{SHOP.id}"
# Path, and what bob (who may read SHOP alone) gets.
ROUTES = [
    ("/costs", 200),
    ("/costs/tables/days.csv", 200),
    ("/costs/tables/repositories.json", 200),
    ("/costs/tables/none.json", 404),
    (OWN, 200),
    (f"{OWN}/tables/pulls.csv", 200),
    (f"{OWN}/tables/acceptance_by_model.csv", 200),
    (f"{HIDDEN}/tables/acceptance_by_model.csv", 404),
    (f"{OWN}/pulls/{SHOP.first}", 200),
    (f"{OWN}/pulls/{SHOP.first}/tables/calls.csv", 200),
    (f"{OWN}/pulls/999999", 404),
    (HIDDEN, 404),
    (f"{HIDDEN}/tables/pulls.csv", 404),
    (f"{HIDDEN}/pulls/{PAYMENTS.first}", 404),
    (f"{HIDDEN}/pulls/{PAYMENTS.first}/tables/calls.json", 404),
    ("/costs/endpoints", 200),
    ("/costs/endpoints/tables/endpoints.csv", 200),
    ("/costs/alerts", 200),
    ("/costs/alerts/tables/limits.csv", 200),
    ("/costs/alerts/tables/quarantined.csv", 404),
    ("/api/v1/costs", 200),
    (f"/api/v1/costs?repository_id={SHOP.id}", 200),
    (f"/api/v1/costs?repository_id={PAYMENTS.id}", 404),
    ("/api/v1/repositories", 200),
    ("/api/v1/pulls", 200),
    (f"/api/v1/pulls?repository_id={PAYMENTS.id}", 404),
    (f"/api/v1/pulls/{SHOP.id}/{SHOP.first}", 200),
    (f"/api/v1/pulls/{PAYMENTS.id}/{PAYMENTS.first}", 404),
    ("/api/v1/acceptance?by=repository", 200),
    (f"/api/v1/acceptance?repository_id={PAYMENTS.id}", 404),
    ("/api/v1/calls", 200),
    (f"/api/v1/calls?repository_id={PAYMENTS.id}", 404),
    ("/api/v1/alerts", 200),
    ("/api/v1/forecasts", 200),
    (f"/api/v1/forecasts?repository_id={PAYMENTS.id}", 404),
    ("/api/v1/endpoints", 200),
    (f"/api/v1/endpoints?repository_id={PAYMENTS.id}", 404),
    ("/costs?team=buyers", 200),
    ("/costs?team=money+%26+co", 404),
    ("/costs?team=ghosts", 404),
    ("/api/v1/costs?team=buyers", 200),
    ("/api/v1/costs?team=money+%26+co", 404),
    ("/api/v1/costs?team=nobody", 404),
    ("/api/v1/openapi.json", 200),
]
STRANGERS: dict[str, Callable[[World], httpx2.Client]] = {
    "nobody": lambda w: w.client(),
    "a wrong token": lambda w: w.client(Authorization="Bearer wrong"),
    "no token": lambda w: w.client(Authorization="Bearer"),
    "the token alone": lambda w: w.client(Authorization=TOKEN),
    "another scheme": lambda w: w.client(Authorization=f"Basic {TOKEN}"),
    "a forged session": lambda w: w.client(Cookie="reviewbot_session=gAAAAABforged"),
    "a wrong token beside a session": lambda w: w.client(
        Authorization="Bearer wrong", Cookie=f"reviewbot_session={session_of(w)}"
    ),
}


def session_of(pages: World) -> str:
    with pages.signed_in() as browser:
        return str(browser.cookies["reviewbot_session"])


@pytest.mark.parametrize("visitor", STRANGERS)
def test_who_may_not_look_sees_nothing(pages: World, visitor: str) -> None:
    with STRANGERS[visitor](pages) as browser:
        for path, _ in ROUTES:
            answer = browser.get(path)
            assert answer.status_code in {401, 303}, path
            assert answer.headers.get("location", "/sign-in?").startswith("/sign-in?")
            assert "acme" not in answer.text
            assert "$" not in answer.text


def test_each_person_sees_what_github_lets_them_read(pages: World) -> None:
    with pages.person("bob") as bob:
        assert [(path, bob.get(path).status_code) for path, _ in ROUTES] == ROUTES
        for path, status in ROUTES:
            said = bob.get(path).text
            assert PAYMENTS.name not in said, path
            assert "mobile-app" not in said, path
            assert (SHOP.name in said) or status == 404 or not path.endswith(OWN), path


def test_hidden_and_missing_look_the_same(pages: World) -> None:
    with pages.person("bob") as bob:
        missing = "/costs/repositories/424242"
        assert bob.get(HIDDEN).text == bob.get(missing).text
        hidden, absent = (bob.get(f"/api/v1/pulls/{n}/1").json() for n in (PAYMENTS.id, 424_242))
        assert hidden["error"] == absent["error"] == "not-found"


def test_a_persons_sums_are_those_of_their_repositories_alone(pages: World) -> None:
    path = "/api/v1/costs?by=day&since=2020-01-01&until=2020-01-02"
    with pages.person("bob") as bob, pages.administrator() as admin:
        assert bob.get(path).status_code == 200
        since = "since=" + bob.get("/api/v1/costs").json()["since"]
        for by in ("day", "model", "endpoint", "pull", "repository"):
            query = f"/api/v1/costs?by={by}&{since}"
            own = admin.get(f"{query}&repository_id={SHOP.id}").json()["lines"]
            assert bob.get(query).json()["lines"] == own != admin.get(query).json()["lines"]


def test_what_findings_were_worth_is_told_of_their_repositories_alone(pages: World) -> None:
    with pages.person("bob") as bob, pages.administrator() as admin:
        since = admin.get("/api/v1/costs").json()["since"]
        query = f"/api/v1/acceptance?since={since}"
        [own] = bob.get(f"{query}&by=repository").json()["lines"]
        assert own["repository_id"] == SHOP.id
        for by in ("model", "category"):
            told = bob.get(f"{query}&by={by}").json()["lines"]
            whole = admin.get(f"{query}&by={by}").json()["lines"]
            assert sum(each["posted"] for each in told) == own["posted"]
            assert sum(each["posted"] for each in whole) > own["posted"]


def test_who_may_read_no_repository_sees_empty_pages(pages: World) -> None:
    with pages.person("carol") as carol:
        assert carol.get("/costs").status_code == 200
        assert carol.get("/api/v1/repositories").json() == {"repositories": []}
        assert carol.get("/api/v1/calls").json()["calls"] == []
        assert carol.get(OWN).status_code == 404
        for path, _ in ROUTES:
            assert "acme" not in carol.get(path).text, path


@pytest.mark.parametrize("admin", ["script", "form", "github"])
def test_administrators_see_everything(pages: World, admin: str) -> None:
    makers: dict[str, Callable[[], AbstractContextManager[httpx2.Client]]] = {
        "script": pages.administrator,
        "form": pages.signed_in,
        "github": lambda: pages.person("Alice"),
    }
    with makers[admin]() as browser:
        for path, _ in ROUTES:
            missing = path.endswith(("none.json", "999999", "ghosts", "nobody"))
            assert browser.get(path).status_code == (404 if missing else 200), path
        seen = browser.get("/costs").text
        assert all(name in seen for name in (SHOP.name, PAYMENTS.name, "Server, this month"))
        assert "quarantine" in browser.get("/costs/endpoints").text


def test_limits_over_all_repositories_are_not_for_everybody(pages: World) -> None:
    with pages.person("bob") as bob:
        seen = bob.get("/costs").text
        assert "Server, this month" not in seen
        assert "Installation" not in seen
        assert bob.get("/api/v1/alerts").json()["quarantined"] == []


def test_other_methods_are_refused(pages: World) -> None:
    with pages.administrator() as admin:
        for (path, _), method in itertools.product(ROUTES, ("POST", "PUT", "DELETE")):
            assert admin.request(method, path).status_code == 405, path


def test_looking_changes_nothing(pages: World) -> None:
    file = pages.environ["REVIEWBOT_DATABASE__URL"].removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection, pages.administrator() as admin:
        before = list(connection.iterdump())
        for path, _ in ROUTES:
            admin.get(path)
        assert list(connection.iterdump()) == before
    connection.close()


def test_pages_may_not_be_kept_framed_or_mixed_with_others(pages: World) -> None:
    with pages.administrator() as admin:
        headers = admin.get("/costs").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in policy
        page = admin.get("/costs").text
        assert "style=" not in page
        assert "<script" not in page
        assert admin.get("/assets/reviewbot.css").status_code == 200
        assert admin.get("/assets/../gate.py").status_code == 404
