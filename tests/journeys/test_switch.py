"""An administrator stops all spending, from another process, and allows it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reviewbot.sandbox.github import Delivery
from tests.journeys.driver import SECRET, ask, defect, long_file, reviewed, wait_for
from tests.journeys.people import answers, invite, write

if TYPE_CHECKING:
    from tests.journeys.driver import Driver


def test_a_stop_ends_reviews_under_way_and_a_start_goes_on_with_them(own_bot: Driver) -> None:
    bot = own_bot
    service = bot.serve(LIMITS__DEBOUNCE_SECONDS="0")
    pull = bot.open({"src/held.py": long_file("held"), "src/later.py": defect("later")})
    bot.github.note_delivery(Delivery(f"{bot.url}/webhook", "ping", {}, SECRET), 200)
    bot.model.hold("src/held.py")
    pull.deliver("opened")
    bot.model.wait_until_asked("src/held.py")

    assert "is stopped" in bot.run("stop", "--why", "the bill is too high")
    waiting = bot.open({"src/waiting.py": defect()})
    assert waiting.deliver("opened").status == 202
    bot.model.let_go("src/held.py")
    wait_for("the end", lambda: service.events("ended"))
    assert [each["outcome"] for each in service.events("ended")] == ["halted"]
    assert pull.reviews == []
    assert bot.model.times("src/waiting.py") == 0
    assert json.loads(ask(bot.url, "/readyz").text)["spending"] == "stopped"
    assert "reviewbot_spending_stopped 1.0" in ask(bot.url, "/metrics").text
    diagnosis = {each["part"]: each for each in json.loads(bot.run("doctor", "--json"))}
    assert "the bill is too high" in diagnosis["spending"]["says"]

    assert "allowed again" in bot.run("start")
    assert pull.wait_for_check()["conclusion"] == "success"
    waiting.wait_for_check()
    assert bot.model.times("src/held.py") == 1
    acts = json.loads(bot.run("audit", "--json"))
    assert [each["action"] for each in acts] == ["start", "stop"]
    assert acts[1]["why"] == "the bill is too high"
    assert "@" in acts[1]["who"]


def test_the_command_line_spends_nothing_either(local_bot: Driver) -> None:
    bot = local_bot
    bot.serve()
    reviewed(bot)
    bot.run("stop", "--why", "holidays")
    calls = len(bot.model.calls)
    diff = bot.home / "own.diff"
    diff.write_text("--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,1 @@\n+eval(x)\n")
    bot.run("review", "--diff", str(diff), code=3)
    assert len(bot.model.calls) == calls
    assert "was stopped before" in bot.run("stop", "--why", "again")
    bot.run("start")
    assert "was not stopped" in bot.run("start")


def test_commands_in_comments_wait_until_spending_is_allowed(local_bot: Driver) -> None:
    bot = local_bot
    bot.serve()
    invite(bot)
    bot.github.note_delivery(Delivery(f"{bot.url}/webhook", "ping", {}, SECRET), 200)
    pull = bot.open({"src/orders.py": defect()})
    bot.run("stop", "--why", "holidays")
    write(bot, pull, "/reviewbot ask why?")
    diagnosis = {each["part"]: each for each in json.loads(bot.run("doctor", "--json"))}
    assert "1 waiting" in diagnosis["commands"]["says"]
    assert (answers(pull), pull.requests, bot.model.calls) == ([], [], [])
    bot.run("start")
    wait_for("an answer", lambda: answers(pull))
