"""Commands in comments: where they count, and from whom."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.command import LONGEST, CommandWish, Place, Sender
from reviewbot.domain.pull_request import PullKey
from reviewbot.github.commands import find_command
from reviewbot.github.delivery import verify_delivery
from reviewbot.github.events import BadDelivery, Ignored, read_event
from tests.contracts.github.test_delivery import SECRET, signed

_PERSON = {"id": 9, "login": "maria", "type": "User"}
_COMMENT = {"id": 5, "body": "/reviewbot review", "user": _PERSON}
_ON_LINE = {"pull_request": {"number": 7}}


def _event(comment: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "action": "created",
        "repository": {"id": 5, "full_name": "acme/shop"},
        "issue": {"number": 7, "pull_request": {"url": "…"}},
        "installation": {"id": 3},
        "comment": {**_COMMENT, **comment},
        **more,
    }


def _read(payload: object, event: str = "issue_comment") -> object:
    body = json.dumps(payload).encode()
    delivery = verify_delivery([SECRET], signed(body), body)
    assert delivery is not None
    return read_event(event, delivery)


# --- where a command counts ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("/reviewbot review", "review"),
        ("@reviewbot review full", "review full"),
        ("/ReviewBot  Review\tfull", "Review full"),
        ("Thanks!\n\n/reviewbot pause", "pause"),
        ("Thanks!\r\n/reviewbot pause\r\n", "pause"),
        ("/reviewbot pause\nThank you.", "pause"),
        ("/reviewbot", "help"),
        ("  /reviewbot cost", "cost"),
        ("Thanks!\n   @reviewbot cost", "cost"),
        ("@reviewbot: review", "review"),
        ("@reviewbot, review full", "review full"),
        ("/reviewbot ask why `x` is\n*never* closed?\n\nBye", "ask why `x` is *never* closed?"),
        ("/reviewbot ask why?\n/reviewbot pause", "ask why?"),
        ("/reviewbot ask\nwhy?", "ask why?"),
        ("> quoted\n\n/reviewbot cost", "cost"),
        ("```\ncode\n```\n/reviewbot cost", "cost"),
    ],
)
def test_a_command_begins_a_line_of_plain_text(body: str, said: str) -> None:
    assert find_command(body) == said


@pytest.mark.parametrize(
    "body",
    [
        "",
        "please /reviewbot review",
        "/reviewbots review",
        "@reviewbot-team review",
        "/reviewbot.yml is where the policy is",
        "> /reviewbot review",
        "> quoted, and the next line too\n/reviewbot review",
        "> > /reviewbot review",
        "```\n/reviewbot review\n```",
        "```\n/reviewbot review",
        "~~~ text\n/reviewbot review\n~~~",
        "    /reviewbot review",
        "\t/reviewbot review",
        "`/reviewbot review`",
        "`a\n/reviewbot review`",
        "- /reviewbot review",
        "1. ```\n   /reviewbot review",
        "- ```\n  x\n\ntext\n```\n/reviewbot review",
        "# /reviewbot review",
        "/reviewbot review\n===",
        "| a |\n|---|\n| /reviewbot review |",
        "a | b\n--|--\n/reviewbot review | x",
        "<!--\n/reviewbot review\n-->",
        "<pre>\n/reviewbot review\n</pre>",
        "<details>\n/reviewbot review\n</details>",
        "\\/reviewbot review",
        "/reviewbot review\n\n<!-- reviewbot:answer:below:5 -->",
        "/reviewbot review\n" + "x" * 20_000,
    ],
)
def test_whatever_else_holds_these_words_is_an_example(body: str) -> None:
    assert find_command(body) is None


_WORDS = st.sampled_from(["/reviewbot pause", "@reviewbot ask why", "", "text", "> q", "- item"])
_TRICKS = st.sampled_from(
    ["`", "``", "```", "~~~", "<!--", "-->", "<pre>", "    x", "| a |", "---"]
)
_LINES = st.lists(_WORDS | _TRICKS | st.text(max_size=12), max_size=12)


def _joined(lines: list[str]) -> str:
    return re.sub(r"[\r\n]+", "\n", "\n".join(lines))


@given(_LINES, st.sampled_from("`~"), st.sampled_from(["", "text", "text\n\n"]))
def test_nothing_in_a_fence_is_ever_a_command(lines: list[str], mark: str, before: str) -> None:
    inside = _joined(lines)
    longest = max((len(run) for run in re.findall(rf"{mark}+", inside)), default=0)
    fence = mark * max(3, longest + 1)
    assert find_command(f"{before}\n{fence}\n{inside}\n{fence}\n") is None


@given(_LINES, st.sampled_from(["> ", ">", "   > ", "> > "]))
def test_nothing_in_a_quotation_is_ever_a_command(lines: list[str], mark: str) -> None:
    quoted = "\n".join(f"{mark}{line}" for line in _joined(lines).split("\n"))
    assert find_command(quoted) is None


@given(st.text(max_size=300))
def test_every_text_is_read_and_what_is_found_is_one_short_line(text: str) -> None:
    for body in (text, f"/reviewbot {text}", f"/reviewbot ask {text}"):
        said = find_command(body)
        assert said is None or (len(said) <= LONGEST and len(said.splitlines()) <= 1)


@pytest.mark.parametrize(
    "unit", ["`", "> ", "- ", "[", "<", "|", "*", "<!--", "\\", "[a]:\n", "a|b\n-|-\n"]
)
def test_no_comment_keeps_a_webhook_waiting(unit: str) -> None:
    filling = (unit * 20_000)[:19_900]
    begin = time.process_time()
    find_command(f"{filling}\n\n/reviewbot cost")
    assert time.process_time() - begin < 5


# --- from whom -------------------------------------------------------------------------------


def test_a_comment_below_a_pull_request_and_one_in_a_thread_are_told_apart() -> None:
    key, who = PullKey(5, 7), Sender(9, "maria")
    below = CommandWish(key, "acme/shop", 3, Place.BELOW, 5, 0, who, "review")
    assert _read(_event({})) == below
    first = CommandWish(key, "acme/shop", 3, Place.LINE, 5, 5, who, "review")
    assert _read(_event({}, **_ON_LINE), "pull_request_review_comment") == first
    inside = CommandWish(key, "acme/shop", 3, Place.LINE, 5, 2, who, "review")
    replied = _event({"in_reply_to_id": 2}, **_ON_LINE)
    assert _read(replied, "pull_request_review_comment") == inside


@pytest.mark.parametrize(
    "payload",
    [
        _event({}, action="edited"),
        _event({}, action="deleted"),
        _event({}, action="pinned"),
        _event({}, issue={"number": 7}),
        _event({"user": None}),
        _event({"user": {**_PERSON, "type": "Bot"}}),
        _event({"performed_via_github_app": {"id": 1}}),
        _event({"body": None}),
        _event({"body": "hello"}),
    ],
)
def test_what_no_person_newly_commands_on_a_pull_request_is_left(payload: object) -> None:
    assert isinstance(_read(payload), Ignored)


@pytest.mark.parametrize("payload", [[], {}, _event({"id": "5"}), _event({"user": {"id": 1}})])
def test_what_is_not_as_documented_is_refused_without_quoting_it(payload: object) -> None:
    with pytest.raises(BadDelivery, match="the issue_comment event is not as documented"):
        _read(payload)
