"""Comments, summaries, checks and answers in the language of a repository's policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.review.words import in_language
from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL
from tests.journeys.driver import defect, long_file, wait_for
from tests.journeys.people import MALLORY, answered, answers, first_finding, invite, replies, write
from tests.unit.review.words.catalogue import english_in

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull

_FILES = {"src/orders.py": defect(), "uv.lock": ["x = 1"]}
_COMMANDS = ("help", "config", "cost", "pause", "review", "resume", "resolve", "approve-cost", "x")


@pytest.fixture(autouse=True)
def _people(bot: Driver) -> None:
    invite(bot)


def _policy(*lines: str) -> dict[str, Any]:
    return {".reviewbot.yml": "\n".join(lines)}


def _on_lines(bot: Driver, pull: Pull) -> list[dict[str, Any]]:
    address = f"/repos/{pull.repository}/pulls/{pull.number}"
    comments = bot.github.review_comments
    return [each for each in comments if each["pull_request_url"].endswith(address)]


def _read(bot: Driver, pull: Pull) -> str:
    """All that people read of it, without what the model wrote."""
    texts = [each["body"] for each in (*pull.reviews, *pull.summaries, *_on_lines(bot, pull))]
    for check in pull.checks():
        output = check["output"]
        texts += [output["title"], output["summary"]]
        texts += [f"{each['label']} {each['description']}" for each in check["actions"]]
    text = "\n".join(texts).replace(STRONG_MODEL, "").replace(CHEAP_MODEL, "")
    for comment in _on_lines(bot, pull):
        head, explanation, *_ = comment["body"].split("\n\n")
        for foreign in (explanation, head.split("**")[1] if "**" in head else ""):
            text = text.replace(foreign, "") if foreign else text
    return re.sub(r"adds \d+ and removes \d+ lines", "", text)  # the model's summaries


def _first(bot: Driver, language: str) -> Pull:
    pull = bot.open(_FILES, base_files=_policy(f"language: {language}"))
    pull.deliver("opened")
    pull.wait_for_check()
    return pull


@pytest.mark.parametrize(
    ("language", "verdict", "label", "receipt", "button"),
    [
        ("de", "reviewbot: 1 kritisch", "kritisch · Sicherheit", "ausgenommen", "Erneut prüfen"),
        ("de-AT", "reviewbot: 1 kritisch", "kritisch · Sicherheit", "gelesen", "Erneut prüfen"),
        ("zh-CN", "reviewbot: 严重 1 个", "严重 · 安全", "已排除", "重新评审"),
    ],
)
def test_a_review_is_in_the_language_of_the_policy(
    bot: Driver, language: str, verdict: str, label: str, receipt: str, button: str
) -> None:
    pull = _first(bot, language)

    assert pull.reviews[0]["body"].startswith(verdict)
    assert label in first_finding(bot, pull)["body"]
    assert receipt in pull.summaries[0]["body"]
    [check] = pull.checks(pull.head)
    assert check["output"]["title"] == verdict.removeprefix("reviewbot: ")
    assert check["actions"][0]["label"] == button
    assert check["actions"][0]["identifier"] == "review-again"
    assert check["conclusion"] == "success"
    assert english_in(_read(bot, pull), in_language(language)) == set()


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_commands_and_refusals_are_answered_in_it(bot: Driver, language: str) -> None:
    pull = _first(bot, language)
    write(bot, pull, "/reviewbot help", MALLORY)
    wait_for("a refusal", lambda: answers(pull))
    told = [*answers(pull), *(answered(bot, pull, f"/reviewbot {verb}") for verb in _COMMANDS)]

    assert len(replies(bot, pull)) == 1  # of resolve
    said = [*told, *replies(bot, pull)]
    assert [left for each in said if (left := english_in(each, in_language(language)))] == []


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_what_is_not_read_is_told_in_it(bot: Driver, language: str) -> None:
    """A draft, a price that waits for approval, too little money, and a policy with a fault."""
    for policy, fields in (
        ((), {"draft": True}),
        (("budget: {approve_above: 0}",), {}),
        (("budget: {per_pr: 0.001}",), {}),
    ):
        files = {f"src/{name}.py": long_file(name) for name in "abc"} if policy else _FILES
        pull = bot.open(files, base_files=_policy(f"language: {language}", *policy), **fields)
        pull.deliver("opened")
        pull.wait_for_check()
        assert english_in(_read(bot, pull), in_language(language)) == set()


def test_another_language_at_the_next_push_repeats_nothing(bot: Driver) -> None:
    pull = _first(bot, "de")
    german = pull.summaries[0]
    pull.change(base_files=_policy("language: zh-CN"))

    head = pull.push(_FILES | {"src/more.py": ["VALUE = 1"]})
    pull.deliver("synchronize")
    pull.wait_for_check(head)

    assert len(_on_lines(bot, pull)) == len(pull.reviews) == 1
    [summary] = pull.summaries
    assert (summary["id"], german["id"]) == (german["id"], summary["id"])
    assert "自上次推送以来：已修复 0，未解决 1" in summary["body"]

    mended = pull.push({"src/orders.py": ["def find(): ...", ""]})
    pull.deliver("synchronize")
    pull.wait_for_check(mended)

    assert [each.partition("\n")[0] for each in replies(bot, pull)] == [
        f"✅ 已修复：`{mended[:10]}` 中已没有这段代码。"
    ]
    assert len(pull.summaries) == 1
