"""The pages in a real Chromium: signing in, light and dark, desk and phone."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import title_is
from selenium.webdriver.support.wait import WebDriverWait

from tests.contracts.dashboard.world import SHOP, TOKEN, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contracts.dashboard.world import World

PAGES = (
    "/costs",
    "/costs?since=2026-01-01&until=2026-12-31",
    f"/costs/repositories/{SHOP.id}",
    f"/costs/repositories/{SHOP.id}/pulls/{SHOP.first}",
    "/costs/endpoints",
    "/costs/alerts",
)
_SECONDS = 20.0
DESK, PHONE = (1280, 900), (360, 740)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pages")) as running:
        yield running


def _path(*names: str) -> str:
    """Where the first of these programs is that is installed."""
    found = [path for name in names if (path := shutil.which(name))]
    assert found, f"install one of: {', '.join(names)} (.ci/run does)"
    return found[0]


@contextmanager
def chromium(folder: Path, size: tuple[int, int], scheme: str) -> Iterator[webdriver.Chrome]:
    """A browser with nothing in it, of this size, for people who like it light or dark."""
    options = webdriver.ChromeOptions()
    options.binary_location = _path("chromium", "google-chrome")
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(_path("chromedriver")))
    try:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1}
        metrics["mobile"] = size == PHONE
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield browser
    finally:
        browser.quit()


def comes(browser: webdriver.Chrome, title: str) -> None:
    """A click returns before the page that it leads to is there."""
    WebDriverWait(browser, _SECONDS).until(title_is(title))


def sign_in(browser: webdriver.Chrome, pages: World) -> None:
    browser.get(f"{pages.url}/costs")
    browser.find_element(By.ID, "token").send_keys(TOKEN)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    comes(browser, "Costs · reviewbot")


def complaints(browser: webdriver.Chrome, pages: World) -> list[Any]:
    """What the console says of the service's pages, without advice."""
    said = browser.get_log("browser")  # type: ignore[no-untyped-call] # selenium's own
    grave = [each for each in said if each["level"] not in {"DEBUG", "INFO"}]
    return [each for each in grave if pages.url in each["message"]]


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
            assert complaints(browser, pages) == [], path
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
        assert complaints(browser, pages) == []
        browser.find_element(By.XPATH, "//button[text()='Sign out']").click()
        comes(browser, "Sign in · reviewbot")
        browser.get(f"{pages.url}/costs")
        assert "/sign-in" in browser.current_url
