"""Walkthroughs, labels, descriptions and improvements, from webhook to what people see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.sandbox.github import Fault
from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL
from tests.journeys.driver import defect, wait_for
from tests.journeys.fleet import Fleet
from tests.journeys.people import MALLORY, answered, answers, eyes, invite, replied, write

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull

_FILES = {"src/orders.py": defect(), "src/rates.py": ("RATE = 3",)}
_SOUND = {"src/orders.py": ("RATE = 3",), "src/rates.py": ("RATE = 3",)}
_LABELLED = {".reviewbot.yml": "labels: true\nlabel_prefix: 'bot:'"}
_DESCRIBED = {".reviewbot.yml": "description: true"}
_OLD_WAYS = {
    "src/ways.py": (
        "def find(rows, name):",
        "    if name == None:",
        "        return []",
        "    return rows",
    )
}


@pytest.fixture(autouse=True)
def _people(bot: Driver) -> None:
    invite(bot)


def _review(pull: Pull, action: str = "opened") -> None:
    pull.deliver(action)
    pull.wait_for_check()


def _shown(bot: Driver, pull: Pull) -> dict[str, Any]:
    found: dict[str, Any] = bot.github.payload("opened", pull.number, repository=pull.repository)
    return dict(found["pull_request"])


def _labels(bot: Driver, pull: Pull) -> set[str]:
    return {label["name"] for label in _shown(bot, pull)["labels"]}


def _body(bot: Driver, pull: Pull) -> str:
    return str(_shown(bot, pull)["body"] or "")


# --- reviews ---------------------------------------------------------------------------------


def test_the_summary_walks_through_the_files_and_asks_nothing_for_it(bot: Driver) -> None:
    pull = bot.open(_FILES)
    _review(pull)
    [summary] = [each["body"] for each in pull.summaries]

    assert "Walkthrough: 2 files, +3 −0, risk high" in summary
    assert "| `src/rates.py` +1 −0 | adds 1 and removes 0 lines | 🟩 low |" in summary
    assert bot.model.times("src/rates.py") == 1


def test_without_the_policy_s_word_labels_and_body_are_left_alone(bot: Driver) -> None:
    pull = bot.open(_FILES, body="Mine.", labels=("urgent",))
    _review(pull)

    assert (_body(bot, pull), _labels(bot, pull)) == ("Mine.", {"urgent"})
    assert not [each for each in pull.requests if "labels" in each[1] or each[0] == "DELETE"]


def test_labels_follow_from_push_to_push(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_LABELLED, labels=("urgent",))
    for name in ("bot:critical", "bot:high", "bot:clean"):
        bot.github.add_label(name, pull.repository)
    _review(pull)
    first = _labels(bot, pull)
    assert first > {"urgent"}
    assert first - {"urgent"} < {"bot:critical", "bot:high"}

    pull.push(_SOUND)
    _review(pull, "synchronize")
    assert _labels(bot, pull) == {"urgent", "bot:clean"}


def test_labels_that_may_not_be_created_cost_a_line_in_the_log(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_LABELLED)
    _review(pull)

    assert pull.wait_for_check()["conclusion"] == "success"
    assert _labels(bot, pull) == set()


def test_the_description_s_block_is_kept_up_while_its_author_writes_around_it(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_DESCRIBED, body="I did it.")
    _review(pull)
    body = _body(bot, pull)
    assert body.startswith("I did it.\n\n<!-- reviewbot:description:begin:walkthrough:")
    assert "Walkthrough: 2 files" in body

    pull.change(body=body.replace("I did it.", "I did it better.") + "\r\n\r\nCloses #1.")
    pull.push({**_FILES, "src/third.py": ("RATE = 4",)})
    _review(pull, "synchronize")
    edited = _body(bot, pull)
    assert edited.startswith("I did it better.\n\n<!-- ")
    assert edited.endswith("-->\r\n\r\nCloses #1.")
    assert "Walkthrough: 3 files" in edited
    assert "Walkthrough: 2 files" not in edited


# --- describe --------------------------------------------------------------------------------


def test_describe_answers_in_place_from_what_was_read_and_the_ledger_knows(bot: Driver) -> None:
    pull = bot.open(_FILES, title="Find orders", body="So that people find them. @mallory")
    _review(pull)
    told = answered(bot, pull, "/reviewbot describe")

    assert "**What:** It changes 2 files" in told
    assert "**Why:** The author says: Find orders" in told
    assert "**Suggested title:** Change 2 files" in told
    assert "| `src/rates.py` +1 −0 |" in told
    assert CHEAP_MODEL in told
    assert _body(bot, pull) == "So that people find them. @mallory"
    assert "answers to questions | 1 |" in answered(bot, pull, "/reviewbot cost")


def test_describe_completes_the_body_where_the_policy_wants_that(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_DESCRIBED, body="I did it.")
    told = answered(bot, pull, "/reviewbot describe")

    assert "says now what it changes" in told
    body = _body(bot, pull)
    assert body.startswith("I did it.\n\n<!-- ")
    assert "**What:** It changes 2 files" in body
    assert body.count("Walkthrough") == 1

    answered(bot, pull, "/reviewbot describe")
    assert _body(bot, pull).count("**What:**") == 1


def test_strangers_get_neither_and_nothing_is_asked(bot: Driver) -> None:
    pull = bot.open({"src/strange.py": defect()})
    seen = write(bot, pull, "/reviewbot describe", MALLORY)
    wait_for("a refusal", lambda: answers(pull))
    write(bot, pull, "/reviewbot improve", MALLORY)
    answered(bot, pull, "/reviewbot help")

    refusal, told = answers(pull)
    assert "only from people with write access" in refusal
    assert "`/reviewbot describe`" in told
    assert "`/reviewbot improve`" in told
    assert eyes(bot, seen) == 0
    assert bot.model.times("src/strange.py") == 0
    assert pull.reviews == []


# --- improve ---------------------------------------------------------------------------------


def test_improve_posts_one_review_of_suggestions_and_repeats_none(bot: Driver) -> None:
    pull = bot.open(_OLD_WAYS)
    comment = write(bot, pull, "/reviewbot improve")
    wait_for("an answer", lambda: answers(pull))
    assert eyes(bot, comment) == 1
    [review] = pull.reviews
    assert review["html_url"] in answers(pull)[0]
    assert review["state"] == "COMMENTED"
    assert "1 suggestion to improve this change" in review["body"]
    [line] = [each for each in bot.github.review_comments if each["path"] == "src/ways.py"]
    assert (line["line"], "    if name is None:\n```" in line["body"]) == (2, True)

    assert "no improvement" in answered(bot, pull, "/reviewbot improve")
    assert len(pull.reviews) == 1
    assert bot.model.times("src/ways.py", STRONG_MODEL) == 1
    assert "| answers to questions | 1 |" in answered(bot, pull, "/reviewbot cost")
    assert "From `src/ways.py`" in replied(bot, pull, "/reviewbot explain")


def test_a_command_that_is_delivered_twice_is_answered_and_paid_for_once(bot: Driver) -> None:
    pull = bot.open({"src/twice.py": _OLD_WAYS["src/ways.py"]})
    for verb in ("improve", "describe"):
        comment = write(bot, pull, f"/reviewbot {verb}")
        answered(bot, pull, "/reviewbot help")  # commands of one pull request keep their order
        assert '"known"' in pull.tell(comment).text
    wait_for("every answer", lambda: len(answers(pull)) == 4)
    answered(bot, pull, "/reviewbot help")

    assert bot.model.times("src/twice.py") == 2
    assert (len(answers(pull)), len(pull.reviews)) == (5, 1)


def test_suggestions_that_were_posted_before_a_kill_stand_once(own_bot: Driver) -> None:
    invite(own_bot)
    fleet = Fleet(own_bot)
    pull = own_bot.open(_OLD_WAYS)
    path = f"/repos/{pull.repository}/pulls/{pull.number}/reviews"
    own_bot.github.faults.append(Fault("POST", path, drop=True, after_write=True))
    write(own_bot, pull, "/reviewbot improve")
    wait_for("a review that nobody knows of", lambda: pull.reviews)
    for worker in fleet.workers[:]:
        worker.kill()
        fleet.replace(worker)
    wait_for("an answer", lambda: answers(pull))

    assert "a review of their own" in answers(pull)[0]
    assert len(pull.reviews) == 1
    assert own_bot.model.times("src/ways.py", STRONG_MODEL) == 1
