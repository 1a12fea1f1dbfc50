"""From a service without credentials to one that reviews, as a person in a browser does it."""

from __future__ import annotations

import http.client
import json
import re
import stat
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from selenium.webdriver.common.by import By

from reviewbot.entrypoints.setup import SetUp, create_setup_app
from reviewbot.runtime.settings import load_settings
from tests.journeys.chromium import DESK, PHONE, appears, chromium, comes, complaints
from tests.journeys.driver import PATIENCE, ask, defect, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from selenium import webdriver

    from tests.journeys.driver import Driver, Running

_PUBLIC = "https://reviews.example.org"
_NO_APP = {
    "GITHUB__APP_ID": "",
    "GITHUB__PRIVATE_KEY_FILE": "",
    "GITHUB__WEBHOOK_SECRET_ENV": "",
    "LIMITS__DEBOUNCE_SECONDS": "0",
    "SERVER__PUBLIC_URL": _PUBLIC,
}


class _Forms(HTMLParser):
    """The forms of a page, with the values that a browser would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str], dict[str, str]]] = []
        self.scripts = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given, {}))
        elif tag == "input":
            self.forms[-1][1][given["name"]] = given.get("value", "")
        self.scripts += tag == "script"


class Browser:
    """Follows redirects and presses buttons, without JavaScript."""

    def __init__(self) -> None:
        self.status, self.text, self.address = 0, "", ""
        self.headers: Mapping[str, str] = {}

    def open(self, url: str, form: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, PATIENCE)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"User-Agent": "Mozilla/5.0"}
        if form is None:
            connection.request("GET", target, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", target, urlencode(form), headers)
        response = connection.getresponse()
        self.status, self.text = response.status, response.read().decode()
        self.headers, self.address = dict(response.getheaders()), url
        connection.close()

    def follow(self) -> None:
        assert self.status in {302, 303}, self.text
        self.open(self.headers["Location"])

    def press(self, number: int = 0, **fields: str) -> None:
        """Send a form of the page."""
        about, values = _Forms(self.text).forms[number]
        parts = urlsplit(self.address)
        action = about.get("action") or parts.path
        url = action if "://" in action else f"{parts.scheme}://{parts.netloc}{action}"
        if about["method"] == "get":
            self.open(f"{url}?{urlencode(values | fields)}")
        else:
            self.open(url, values | fields)


def _local(service: Running) -> str:
    """The page's address, through the port that the test can reach."""
    line = wait_for("the page's address", lambda: re.search(r"at (\S+/setup\S+)\n", service.said))
    assert line[1].startswith(_PUBLIC)
    return service.url + line[1].removeprefix(_PUBLIC)


@pytest.mark.parametrize("organisation", ["", "acme"])
def test_two_buttons_lead_from_nothing_to_a_review(local_bot: Driver, organisation: str) -> None:
    bot, browser = local_bot, Browser()
    service = bot.serve(**_NO_APP)
    browser.open(_local(service))
    assert (browser.status, _Forms(browser.text).scripts) == (200, 0)
    if organisation:
        browser.press(1, organisation=organisation)
    browser.press()
    assert f"Create GitHub App for {organisation or 'your account'}" in browser.text
    browser.press(name="Acme Reviews")
    browser.follow()
    assert browser.status == 303
    browser.follow()
    assert "Install acme-reviews" in browser.text

    folder = bot.home / ".config/reviewbot"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert files == dict.fromkeys(
        ["github-app.json", "github-app.pem", "github-app.webhook-secret"], 0o600
    )
    secret = (folder / "github-app.webhook-secret").read_text()
    assert secret not in service.said + service.log

    pull = bot.open({"src/orders.py": defect()})
    pull.deliver("opened", secret=secret)
    assert pull.wait_for_check()["conclusion"] == "success"
    assert ask(service.url, "/setup").status == 404

    service.stop()
    bot.serve(**_NO_APP)
    again = bot.open({"src/orders.py": defect()})
    again.deliver("opened", secret=secret)
    again.wait_for_check()


def _name_an_organisation(browser: webdriver.Chrome, name: str) -> None:
    field = browser.find_element(By.ID, "organisation")
    field.clear()
    field.send_keys(name)
    browser.find_element(By.CSS_SELECTOR, ".owner button").click()


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_person_in_a_real_browser_comes_to_the_page_that_installs_the_app(
    local_bot: Driver, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    service = local_bot.serve(**_NO_APP)
    with chromium(tmp_path, size, scheme) as browser:
        browser.get(_local(service))
        assert browser.title == "Set up reviewbot"
        assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
        _name_an_organisation(browser, "no such/organisation")
        assert "is not the name" in appears(browser, By.CSS_SELECTOR, "[role=alert]").text
        _name_an_organisation(browser, "acme")
        create = appears(browser, By.XPATH, "//button[contains(., 'for acme')]")
        assert complaints(browser, service.url) == []
        create.click()
        comes(browser, "Create GitHub App")
        browser.find_element(By.TAG_NAME, "button").click()
        comes(browser, "Install reviewbot-acme")
        assert complaints(browser, service.url) == []


def test_credentials_that_are_printed_are_stored_nowhere(local_bot: Driver) -> None:
    bot, browser = local_bot, Browser()
    service = bot.serve("--print-credentials", **_NO_APP)
    browser.open(_local(service))
    browser.press()
    browser.press()
    browser.follow()
    assert browser.status == 303
    assert not (bot.home / ".config").exists()
    lines = wait_for(
        "the last of the lines",
        lambda: re.search(r"GITHUB_APP_WEBHOOK_SECRET=(\S+)\n", service.said),
    )
    assert "REVIEWBOT_GITHUB__APP_ID=" in service.said
    pull = bot.open({"src/orders.py": defect()})
    pull.deliver("opened", secret=lines[1])
    pull.wait_for_check()


def test_who_does_not_know_the_token_finds_nothing_but_health(local_bot: Driver) -> None:
    service = local_bot.serve(**_NO_APP)
    address = _local(service)
    token = parse_qs(urlsplit(address).query)["token"][0]
    for path in (
        *("/", "/setup", "/setup?token=", "/setup?token=%C3%A9", f"/setup?token={token[:-1]}"),
        *("/metrics", "/readyz", "/setup/created", "/setup/created?code=abc&state=abc"),
    ):
        answer = ask(service.url, path)
        assert (answer.status, token in answer.text) == (404, False), path
    assert ask(service.url, "/healthz").status == 200
    assert token not in service.log


def test_the_page_lets_nothing_in_and_tells_nobody_its_address(local_bot: Driver) -> None:
    browser = Browser()
    browser.open(_local(local_bot.serve(**_NO_APP)))
    policy = browser.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert browser.headers["Referrer-Policy"] == "same-origin"
    browser.open(f"{browser.address}&organisation=%22%3E%3Cscript%3E")
    assert (browser.status, _Forms(browser.text).scripts) == (200, 0)
    assert "is not the name of an organisation" in browser.text


def test_a_state_holds_once_and_a_code_of_nobody_opens_nothing(local_bot: Driver) -> None:
    service, browser = local_bot.serve(**_NO_APP), Browser()
    browser.open(_local(service))
    action = _Forms(browser.text).forms[0][0]["action"]
    state = parse_qs(urlsplit(action).query)["state"][0]
    created = f"{service.url}/setup/created?{urlencode({'code': 'nobodys', 'state': state})}"
    browser.open(created)
    assert (browser.status, "The set-up did not work" in browser.text) == (502, True)
    browser.open(created)
    assert browser.status == 404


def test_the_manifest_asks_for_the_least(local_bot: Driver) -> None:
    browser = Browser()
    browser.open(_local(local_bot.serve(**_NO_APP)))
    manifest = json.loads(_Forms(browser.text).forms[0][1]["manifest"])
    assert manifest["default_permissions"] == {
        "checks": "write",
        "contents": "read",
        "issues": "read",
        "merge_queues": "read",
        "metadata": "read",
        "pull_requests": "write",
    }
    assert manifest["hook_attributes"]["url"] == f"{_PUBLIC}/webhook"
    assert manifest["public"] is False


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({}, "https://github.com"),
        ({"GITHUB_API_URL": "https://api.github.com"}, "https://github.com"),
        ({"GITHUB_API_URL": "https://ghe.example.org/api/v3"}, "https://ghe.example.org"),
        ({"GITHUB_API_URL": "https://api.acme.ghe.com"}, "https://acme.ghe.com"),
        (
            {
                "GITHUB_API_URL": "https://ghe.example.org/api/v3",
                "GITHUB_SERVER_URL": "https://www.example.org",
            },
            "https://www.example.org",
        ),
    ],
)
def test_an_app_is_registered_where_its_api_is(environ: dict[str, str], server: str) -> None:
    github = load_settings(environ).github
    setup = SetUp(github, "https://reviews.example.org", finish=lambda _: None)
    page = create_setup_app(setup).test_client().get(f"/setup?token={setup.token}")
    about, _ = _Forms(page.text).forms[0]
    assert about["action"].startswith(f"{server}/settings/apps/new?state=")
    assert page.headers["Content-Security-Policy"].endswith(f"form-action 'self' {server}")


def test_what_is_wrong_without_an_app_is_said_before_one_is_registered(
    local_bot: Driver, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for wrong, said in (
        ({"GITHUB__CREDENTIALS_DIR": str(tmp_path / "file")}, "cannot be written to"),
        ({"TIERS": '{"cheap": ["nobody"]}'}, "nobody"),
    ):
        service = local_bot.serve(**_NO_APP | wrong)
        assert service.wait() == 2
        assert said in service.log
