from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.command import (
    LONGEST,
    VERBS,
    ApproveCost,
    Ask,
    Breadth,
    Command,
    Config,
    Cost,
    Describe,
    Explain,
    Help,
    Ignore,
    Improve,
    Pause,
    Resolve,
    Resume,
    Review,
    read_command,
)


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("review", Review(full=False)),
        ("review full", Review(full=True)),
        ("Review  FULL", Review(full=True)),
        ("ask is this safe?", Ask("is this safe?")),
        ("explain", Explain()),
        ("describe", Describe()),
        ("improve please", Improve()),
        ("pause", Pause()),
        ("pause please", Pause()),
        ("resume", Resume()),
        ("resolve", Resolve()),
        ("ignore", Ignore(Breadth.FINDING)),
        ("ignore rule", Ignore(Breadth.RULE)),
        ("cost", Cost()),
        ("approve-cost", ApproveCost("")),
        ("approve-cost ABCDEF1234", ApproveCost("abcdef1234")),
        ("config", Config()),
        ("help", Help()),
    ],
)
def test_each_verb_has_its_values(said: str, command: Command) -> None:
    assert read_command(said) == command


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("", Help()),
        ("reveiw", Help("reveiw", "review")),
        ("aprove-cost", Help("aprove-cost", "approve-cost")),
        ("merge it", Help("merge", "")),
        ("review fully", Help("review fully", "review")),
        ("ask", Help("ask", "ask")),
        ("ignore everything", Help("ignore everything", "ignore")),
        ("approve-cost 1 USD", Help("approve-cost 1 USD", "approve-cost")),
    ],
)
def test_what_nobody_knows_asks_for_help_with_the_nearest(said: str, command: Command) -> None:
    assert read_command(said) == command


@given(st.text(max_size=60) | st.sampled_from(VERBS).flatmap(lambda v: st.just(f"{v} \0x")))
def test_every_text_is_some_command(said: str) -> None:
    command = read_command(said)
    assert not isinstance(command, Ask) or len(command.question) <= LONGEST
