from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import UsageError
from reviewbot.domain.money import PicoUsd
from reviewbot.lab.profile import Profile, Target, bound, check_bound, prompt_for, worst_of
from reviewbot.models.catalogue import flat_price

if TYPE_CHECKING:
    from reviewbot.models.streaming import Streamed
    from reviewbot.review.ports import Prompt

PROFILE = Profile(requests=3, input_tokens=500, output_tokens=100, warm_up=2)


class Nobody:
    def stream(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Streamed:
        del upstream, prompt, output_cap, seconds, connect
        raise AssertionError


TARGET = Target("a", "a", Nobody(), flat_price("1", "2"), flat_price("2", "4"))


@pytest.mark.parametrize("tokens", [50, 500, 2_000, 50_000])
def test_a_prompt_is_about_as_long_as_asked(tokens: int) -> None:
    size = prompt_for(0, Profile(input_tokens=tokens)).size
    assert tokens * 4 <= size <= tokens * 4 + 600


def test_prompts_are_the_same_for_all_and_differ_from_the_start() -> None:
    assert prompt_for(1, PROFILE) == prompt_for(1, PROFILE)
    one, other = prompt_for(1, PROFILE), prompt_for(2, PROFILE)
    assert one.system == other.system
    assert one.user.splitlines()[0] != other.user.splitlines()[0]


def test_the_bound_covers_every_request_and_warm_up_at_the_worst_price() -> None:
    sizes = [prompt_for(number, PROFILE).size for number in range(5)]
    expected = sum((size + 2 * 16) * 2_000_000 + 100 * 4_000_000 for size in sizes)
    assert bound([TARGET, TARGET], PROFILE) == 2 * expected
    assert (
        worst_of(TARGET, prompt_for(0, PROFILE), PROFILE) == (sizes[0] + 32) * 2_000_000 + 4 * 10**8
    )


def test_a_run_that_could_cost_more_does_not_start() -> None:
    worst = bound([TARGET], PROFILE)
    assert check_bound([TARGET], PROFILE, worst) == worst
    with pytest.raises(UsageError, match="over --max-cost"):
        check_bound([TARGET], PROFILE, PicoUsd(worst - 1))
