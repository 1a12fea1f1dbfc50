"""Answers to commands, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from reviewbot.domain.command import VERBS, Help, read_command
from reviewbot.domain.errors import BudgetExhausted, PolicyError
from reviewbot.domain.finding import Category, Severity, Side, Tier
from reviewbot.domain.money import PicoUsd, parse_usd
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.spent import Spent
from reviewbot.github.commands import find_command
from reviewbot.review import replies
from reviewbot.review.policy_file import effective_policy, layers
from reviewbot.review.ports import BaseFiles, Document
from reviewbot.review.words import ENGLISH
from tests.unit.review.examples import PULL

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZERO = PicoUsd(0)


def test_help_names_every_verb() -> None:
    told = replies.help_with(Help(), ENGLISH)

    assert [verb for verb in VERBS if f"`/reviewbot {verb}" not in told] == []


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("reveiw", "I do not know `reveiw` as a command. Did you mean `/reviewbot review`?"),
        ("zzz", "I do not know `zzz` as a command."),
        ("@ada`x`", "I do not know `` @ada`x` `` as a command."),
    ],
)
def test_an_unknown_word_is_named_harmlessly(said: str, first: str) -> None:
    command = read_command(said)
    assert isinstance(command, Help)

    assert replies.help_with(command, ENGLISH).split("\n")[0] == first


@pytest.mark.parametrize(
    ("why", "begins"),
    [(None, "It will be reviewed."), ("it is a draft", "It would not be reviewed: it is a draft.")],
)
def test_review_says_what_will_come_of_it(why: str | None, begins: str) -> None:
    assert replies.will_review(why, ENGLISH).startswith(begins)


@pytest.mark.parametrize(
    ("threads", "begins"), [(0, "There is no"), (1, "1 thread says"), (2, "2")]
)
def test_resolve_counts_the_threads(threads: int, begins: str) -> None:
    assert replies.resolved(threads, ENGLISH).startswith(begins)


@pytest.mark.parametrize(
    ("spent", "rows"),
    [
        ([], ["This pull request has cost **$0.00** of $1.00. No model was asked."]),
        (
            [
                Spent(Tier.CHEAP, False, 2, 3_000, 40, parse_usd("0.01"), _ZERO),  # noqa: FBT003
                Spent(Tier.STRONG, False, 1, 900, 40, parse_usd("0.02"), parse_usd("0.03")),  # noqa: FBT003
                Spent(Tier.STRONG, True, 1, 900, 40, parse_usd("0.04"), _ZERO),  # noqa: FBT003
            ],
            [
                "This pull request has cost **$0.100** of $1.00.",
                "",
                "| for | calls | tokens in | tokens out | settled | presumed |",
                "|---|--:|--:|--:|--:|--:|",
                "| first reading | 2 | 3,000 | 40 | $0.010 | $0.00 |",
                "| second look | 1 | 900 | 40 | $0.020 | $0.030 |",
                "| answers to questions | 1 | 900 | 40 | $0.040 | $0.00 |",
            ],
        ),
    ],
)
def test_cost_adds_up(spent: Sequence[Spent], rows: Sequence[str]) -> None:
    assert replies.cost(spent, parse_usd("1"), ENGLISH).split("\n") == list(rows)


def test_config_is_the_policy_as_yaml_that_is_read_back() -> None:
    text = 'language: de\nfocus: "```\\n@ada # not a comment"\nbudget: {per_pr: 0.5}'
    files = BaseFiles(Document(".reviewbot.yml", text), None, ())
    told = replies.config(layers(files, Policy(fail_on=Severity.HIGH)), ENGLISH)
    policy = effective_policy(files, Policy(fail_on=Severity.HIGH))
    fence = told.split("\n")[2].removesuffix("yaml")
    inside = told.split(f"{fence}yaml\n")[1].removesuffix(fence)

    assert Policy.model_validate(yaml.safe_load(inside)) == policy
    said = [line.strip() for line in inside.splitlines() if "  # " in line]
    assert said[0] == "language: de  # repository"
    assert said[1].endswith("# repository")
    assert said[2:] == ["fail_on: high  # server", "per_pr: '0.5'  # repository"]


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (
            "review:ask:below:5",
            "An answer may cost $0.050 at the most, and this one could cost more.",
        ),
        ("pr:7/1", "This is not answered: no room."),
    ],
)
def test_a_refused_answer_says_which_limit_it_was(scope: str, told: str) -> None:
    assert replies.no_room(BudgetExhausted("no room", scope), parse_usd("0.05"), ENGLISH) == told


def test_no_answer_commands_anything_or_mentions_anybody() -> None:
    finding = PostedFinding(
        "f", "@ada/`x`.py", Side.RIGHT, Category.SECURITY, Severity.LOW, "d", "@ada <b>x</b>"
    )
    answers = [
        replies.refused(ENGLISH),
        replies.will_review_in_full(ENGLISH),
        replies.closed(ENGLISH),
        replies.paused(ENGLISH),
        replies.resumed(ENGLISH),
        replies.only_in_a_finding_s_thread("ignore", ENGLISH),
        replies.silenced(finding, ENGLISH),
        replies.silenced_rule("no-raw-sql", ENGLISH),
        replies.no_rule(ENGLISH),
        replies.not_your_own(ENGLISH),
        replies.answered("maria", ENGLISH),
        replies.approved(PULL, ENGLISH),
        replies.other_head(PULL, ENGLISH),
        replies.nothing_waits(PULL, ENGLISH),
        replies.unusable_policy(PolicyError("key `x` is @ada"), ENGLISH),
        replies.too_many_questions(20, ENGLISH),
        replies.no_answer(ENGLISH),
        replies.gave_up(ENGLISH),
    ]

    assert [each for each in answers if find_command(each) or "<b>" in each] == []
    assert [each for each in answers if " @ada" in each] == []
