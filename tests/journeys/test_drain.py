"""An administrator takes an endpoint out of service while reviews are under way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL
from tests.journeys.driver import ask, defect, long_file

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

_TOKEN = "the token of an administrator"
_FIRST = "src/auth/first.py"  # the riskiest, so it is asked about first
_FILES = {_FIRST: long_file("first"), "src/b.py": long_file("b"), "src/c.py": long_file("c")}
_ONE_BY_ONE = {"LIMITS__DEBOUNCE_SECONDS": "0", "LIMITS__CALLS_PER_REVIEW": "1"}


def _two_routes(bot: Driver) -> dict[str, str]:
    """A spare endpoint behind the usual one; both are the same machine."""
    price = {"input": "0.18", "output": "0.25"}
    names = ("sandbox", "spare")
    places = [
        {"name": name, "base_url": bot.model.base_url, "api_key_env": "KEY"} for name in names
    ]
    models = [
        {
            "name": model,
            "routes": [{"endpoint": name, "model": model, "price": price} for name in names],
        }
        for model in (CHEAP_MODEL, STRONG_MODEL)
    ]
    return {"ENDPOINTS": json.dumps(places), "MODELS": json.dumps(models)}


def _calls(bot: Driver) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(bot.run("ledger", "export", "--format", "json"))
    return rows


def test_a_review_under_way_goes_on_by_the_other_route_and_loses_nothing(own_bot: Driver) -> None:
    bot, two = own_bot, _two_routes(own_bot)
    token_file = bot.home / "token"
    token_file.write_text(_TOKEN)
    bot.serve(DASHBOARD__TOKEN_FILE=str(token_file), **_ONE_BY_ONE, **two)
    pull = bot.open(_FILES)
    bot.model.hold(_FIRST)
    pull.deliver("opened")
    bot.model.wait_until_asked(_FIRST)

    bot.run("ledger", "drain", "nowhere", "--why", "a slip", code=2, **two)
    said = bot.run("ledger", "drain", "sandbox", "--why", "for an hour", code=0, **two)
    assert "out of service" in said
    bot.model.let_go(_FIRST)
    assert pull.wait_for_check()["conclusion"] == "success"
    calls = _calls(bot)
    assert {each["outcome"] for each in calls} == {"answered"}
    by_endpoint = [each["endpoint"] for each in calls]
    assert by_endpoint == ["sandbox", *["spare"] * (len(calls) - 1)]
    assert bot.model.times(_FIRST, CHEAP_MODEL) == 1

    metrics = ask(bot.url, "/metrics").text
    assert 'reviewbot_endpoint_out_of_service{endpoint="sandbox",why="drained"} 1.0' in metrics
    visitor = {"Authorization": f"Bearer {_TOKEN}"}
    page = ask(bot.url, "/costs/endpoints", None, visitor).text
    assert "drained by" in page
    assert "for an hour" in page
    assert "quarantine:" not in page

    bot.run("ledger", "release", "sandbox", "--why", "it is over", code=0, **two)
    assert "out_of_service{" not in ask(bot.url, "/metrics").text
    other = bot.open({"src/d.py": defect()})
    other.deliver("opened")
    other.wait_for_check()
    later = _calls(bot)[len(calls) :]
    assert {each["endpoint"] for each in later} == {"sandbox"}
    acts = [(each["action"], each["subject"]) for each in json.loads(bot.run("audit", "--json"))]
    assert acts == [("release", "sandbox"), ("drain", "sandbox")]


def test_without_another_route_the_review_says_so_and_is_done_after_the_release(
    local_bot: Driver,
) -> None:
    bot = local_bot
    bot.serve(LIMITS__DEBOUNCE_SECONDS="0")
    bot.run("ledger", "drain", "sandbox", "--why", "for an hour")
    pull = bot.open({"src/a.py": defect()})
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "neutral"
    assert bot.model.calls == []
    assert "an administrator took sandbox out of service" in pull.summaries[0]["body"]
    assert "1 failed" in pull.summaries[0]["body"]

    bot.run("ledger", "release", "sandbox", "--why", "it is over")
    bot.run("ledger", "resume", f"{pull.repository}#{pull.number}")
    head = pull.push({"src/a.py": defect("again")})
    pull.deliver("synchronize")
    assert pull.wait_for_check(head)["conclusion"] == "success"
    assert len(pull.reviews) == 1
