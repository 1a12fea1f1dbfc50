"""The pages in a real Chromium: signing in, light and dark, desk and phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By

from tests.contracts.dashboard.world import SHOP, TOKEN, world
from tests.journeys.chromium import DESK, PHONE, chromium, comes, complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium import webdriver

    from tests.contracts.dashboard.world import World

PAGES = (
    "/costs",
    "/costs?since=2026-01-01&until=2026-12-31",
    f"/costs/repositories/{SHOP.id}",
    f"/costs/repositories/{SHOP.id}/pulls/{SHOP.first}",
    "/costs/endpoints",
    "/costs/alerts",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pages")) as running:
        yield running


def sign_in(browser: webdriver.Chrome, pages: World) -> None:
    browser.get(f"{pages.url}/costs")
    browser.find_element(By.ID, "token").send_keys(TOKEN)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    comes(browser, "Costs · reviewbot")


def brightness(browser: webdriver.Chrome) -> int:
    """Of the page behind everything, from 0 to 255."""
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    return max(int(part) for part in colour.strip("rgb()").split(",")[:3])


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")]
)
def test_every_page_renders_whole_in_its_colours(
    pages: World, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    with chromium(tmp_path, size, scheme) as browser:
        sign_in(browser, pages)
        for path in PAGES:
            browser.get(pages.url + path)
            assert complaints(browser, pages.url) == [], path
            width = browser.execute_script("return document.documentElement.scrollWidth")
            assert width <= size[0], path
            assert (brightness(browser) > 200) == (scheme == "light"), path
            assert browser.find_elements(By.TAG_NAME, "h1")[0].is_displayed()
            for plot in browser.find_elements(By.CSS_SELECTOR, "svg[role=img]"):
                assert plot.size["width"] > 100, path
                assert plot.accessible_name, path


def test_a_person_finds_the_way_from_github_to_a_finding_and_out(
    pages: World, tmp_path: Path
) -> None:
    with chromium(tmp_path, DESK, "light") as browser:
        browser.get(f"{pages.url}/costs")
        browser.find_element(By.LINK_TEXT, "Sign in with GitHub").click()
        comes(browser, "Loopback GitHub")
        browser.find_element(By.LINK_TEXT, "bob").click()
        comes(browser, "Costs · reviewbot")
        browser.find_element(By.LINK_TEXT, SHOP.name).click()
        comes(browser, f"{SHOP.name} · reviewbot")
        pull = browser.find_element(By.CSS_SELECTOR, "#pulls tbody a")
        number = pull.text
        pull.click()
        comes(browser, f"{SHOP.name}{number} · reviewbot")
        assert "Coverage receipt" in browser.page_source
        assert browser.find_elements(By.CSS_SELECTOR, "#calls tbody tr")
        assert complaints(browser, pages.url) == []
        browser.find_element(By.XPATH, "//button[text()='Sign out']").click()
        comes(browser, "Sign in · reviewbot")
        browser.get(f"{pages.url}/costs")
        assert "/sign-in" in browser.current_url
