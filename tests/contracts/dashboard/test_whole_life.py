"""A pull request's page is about its whole life: the same when single calls are thrown away."""

from __future__ import annotations

import re
from contextlib import closing
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Usage
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.database import open_database
from reviewbot.ledger.house import tidy
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.dashboard.world import world
from tests.contracts.ledger.charges import charge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from tests.contracts.dashboard.world import World

_ASKED = "/costs/repositories/7/pulls/1"
_KEPT = ("Settled", "Presumed", "Saved by the cache", "Cost per finding")


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service of this module alone; somebody asked about a pull request that nobody reviewed."""
    folder: Path = tmp_path_factory.mktemp("changing")
    with world(folder) as running:
        with closing(open_database(running.environ["REVIEWBOT_DATABASE__URL"])) as database:
            ledger = SqlLedger(database)
            asked = charge("0.1", review_id="ask:1", tier=Tier.STRONG, reason="ask")
            ledger.settle(ledger.reserve(asked), Attempt(Ending.ANSWERED, Usage(10_000, 0)))
        yield running


def figures(page: str) -> dict[str, str]:
    found = re.findall(r'<dt>(.*?)</dt><dd class="value[^"]*">(.*?)</dd>', page, re.DOTALL)
    return {re.sub("<[^>]*>", "", title): unescape(value) for title, value in found}


def test_a_pull_request_that_was_only_asked_about_has_a_page(changing: World) -> None:
    with changing.administrator() as admin:
        page = admin.get(_ASKED).raise_for_status().text
        answer = admin.get("/api/v1/pulls/7/1").raise_for_status().json()
        listed = admin.get("/api/v1/pulls?repository_id=7").json()["pulls"]

    assert figures(page)["Settled"] == "$0.010"
    assert "1 call in 0 reviews and 1 question" in page
    assert "Nothing was reviewed." in page
    assert answer["reviews"] == []
    assert answer["whole_life"]["questions_usd"] == answer["whole_life"]["spent_usd"] == "0.01"
    assert [each["number"] for each in listed] == [1]


def test_what_a_pull_request_cost_outlives_its_calls(changing: World) -> None:
    with changing.administrator() as admin:
        pulls = admin.get("/api/v1/pulls?limit=5").json()["pulls"]
        paths = [_ASKED, *(_path(each) for each in pulls)]
        before = [_seen(admin, path) for path in paths]
        with closing(open_database(changing.environ["REVIEWBOT_DATABASE__URL"])) as database:
            tidy(database, 0, -1, Clock())
        after = [_seen(admin, path) for path in paths]

    assert after == before
    assert [dearest["Settled"] for dearest, _ in before][1:] != ["$0.00"] * 5


def _path(pull: dict[str, Any]) -> str:
    return f"/costs/repositories/{pull['repository_id']}/pulls/{pull['number']}"


def _seen(admin: httpx2.Client, path: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The figures, and what each review cost that has ended."""
    shown = figures(admin.get(path).raise_for_status().text)
    reviews = admin.get(f"{path}/tables/reviews.json").json()
    return {name: shown[name] for name in _KEPT}, [
        (each["begun"], each["cost_usd"]) for each in reviews if each["state"] != "open"
    ]
