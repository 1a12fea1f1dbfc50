"""A real Chromium, for what people see."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.expected_conditions import (
    presence_of_element_located,
    title_is,
)
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

DESK, PHONE = (1280, 900), (360, 740)
_SECONDS = 120.0  # only a failing test waits so long
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


def appears(browser: webdriver.Chrome, by: str, what: str) -> WebElement:
    """An element of the page that a click leads to, once it is there."""
    found: WebElement = WebDriverWait(browser, _SECONDS).until(
        presence_of_element_located((by, what))
    )
    return found


def complaints(browser: webdriver.Chrome, url: str) -> list[Any]:
    """What the console says of the pages under *url*, without advice."""
    said = browser.get_log("browser")  # type: ignore[no-untyped-call] # selenium's own
    grave = [each for each in said if each["level"] not in {"DEBUG", "INFO"}]
    return [each for each in grave if url in each["message"]]
