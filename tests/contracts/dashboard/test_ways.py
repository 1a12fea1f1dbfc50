"""Every link of the pages leads somewhere, and keeps what the visitor chose."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from tests.contracts.dashboard.world import SHOP

if TYPE_CHECKING:
    import httpx2

    from tests.contracts.dashboard.world import World

CHOSEN = {"since": ["2026-01-01"], "until": ["2027-12-31"], "team": ["buyers"]}
QUERY = "since=2026-01-01&until=2027-12-31&team=buyers"
_MOST = 120  # pages
_NO_PAGES = ("/assets/", "/sign-", "http")


def links_of(page: str, path: str) -> list[str]:
    """The addresses of pages and downloads that a page links to."""
    found = [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]
    return [urljoin(path, each) for each in found if not each.startswith(_NO_PAGES)]


def queries_of(browser: httpx2.Client, path: str, to: str) -> list[dict[str, list[str]]]:
    """What the page's links to another page ask for."""
    links = links_of(browser.get(path).raise_for_status().text, path)
    return [parse_qs(urlsplit(each).query) for each in links if urlsplit(each).path == to]


def test_no_link_is_dead_and_no_anchor_missing(pages: World) -> None:
    waiting, seen = deque(["/costs", "/costs/alerts", "/costs/endpoints"]), set[str]()
    with pages.administrator() as admin:
        while waiting and len(seen) < _MOST:
            path = waiting.popleft()
            answer = admin.get(path)
            assert answer.status_code == 200, path
            seen.add(path)
            if "text/html" not in answer.headers["content-type"]:
                continue
            for link in links_of(answer.text, path):
                address, anchor = urldefrag(link)
                if address == path and anchor:
                    assert f'id="{anchor}"' in answer.text, link
                elif address not in seen and address not in waiting:
                    waiting.append(address)
    assert len(seen) > 100


def test_time_and_team_stay_while_the_visitor_goes_on(pages: World) -> None:
    repository = f"/costs/repositories/{SHOP.id}"
    pull = f"{repository}/pulls/{SHOP.first}"
    ways = (
        ("/costs", ("/costs/endpoints", "/costs/alerts", repository)),
        (repository, ("/costs", pull)),
        (pull, ("/costs", repository, pull)),
        ("/costs/alerts", ("/costs/endpoints",)),
    )
    with pages.administrator() as admin:
        for begin, ends in ways:
            for end in ends:
                asked = queries_of(admin, f"{begin}?{QUERY}", end)
                kept = [CHOSEN.items() <= query.items() for query in asked]
                assert any(kept), (begin, end)
                # The brand is the way back to the beginning; presets choose another time.
                assert all(kept) or end == "/costs", (begin, end)


def test_another_time_of_a_repository_keeps_the_team(pages: World) -> None:
    with pages.administrator() as admin:
        page = admin.get(f"/costs/repositories/{SHOP.id}?{QUERY}").text
    assert '<input type="hidden" name="team" value="buyers">' in page
    assert "<select" not in page


def test_what_nobody_chose_is_in_no_address(pages: World) -> None:
    with pages.administrator() as admin:
        assert queries_of(admin, "/costs", "/costs/endpoints") == [{}]


def test_numbers_that_no_database_has_room_for_are_not_there(pages: World) -> None:
    with pages.administrator() as admin:
        for path in (
            f"/costs/repositories/{2**63}",
            f"/costs/repositories/{SHOP.id}/pulls/{2**63}",
            f"/costs/repositories/{SHOP.id}/pulls/{2**63}/tables/calls.csv",
            f"/api/v1/pulls/{SHOP.id}/{2**63}",
        ):
            assert admin.get(path).status_code == 404, path
