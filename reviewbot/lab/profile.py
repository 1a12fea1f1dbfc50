"""A load profile, what a run of it may cost at the most, and the prompts that it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reviewbot.domain.errors import UsageError
from reviewbot.domain.money import PicoUsd, format_usd
from reviewbot.domain.question import MESSAGES
from reviewbot.review.ports import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import Price
    from reviewbot.models.streaming import Streamed

_BYTES_PER_TOKEN = 4  # of code, roughly; what is reported is what endpoints count
_SYSTEM = "You explain code to engineers who are new to it. Write plain prose."
_TASK = (
    "Explain this code line by line, a paragraph each. Go on until you are stopped; when you have"
    " explained every line, explain how to test each function.\n\n"
)


class Streamer(Protocol):
    """Sends a prompt and tells when the answer came; raises ``models.faults.Fault``."""

    def stream(
        self, upstream: str, prompt: Prompt, output_cap: int, seconds: float, connect: float
    ) -> Streamed:
        """One request, over within *seconds*."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The load, the same for every target; times in seconds."""

    requests: int = 50  # for each target
    concurrency: int = 4  # requests of one target at once
    input_tokens: int = 2_000
    output_tokens: int = 200
    seconds: float = 60.0
    connect: float = 5.0
    warm_up: int = 1  # requests of each target that are not measured


@dataclass(frozen=True, slots=True)
class Target:
    """A model at an endpoint. *price* bills, *worst* bounds."""

    name: str
    upstream: str
    streamer: Streamer
    price: Price
    worst: Price


def prompt_for(number: int, profile: Profile) -> Prompt:
    """The prompt of a request: the same for every target, another one for every number.

    They differ from their beginning, so that no vendor's cache answers for its model.
    """
    lines = [f"# Module {number}"]
    size = len(_SYSTEM) + len(_TASK)
    while size < profile.input_tokens * _BYTES_PER_TOKEN:
        step = len(lines)
        lines.append(
            f"def step_{number}_{step}(orders, limit={step}):\n"
            f'    """Sum what is due in lane {number + step}."""\n'
            f"    due = [order.amount for order in orders if order.lane == {number + step}]\n"
            f"    return sum(sorted(due)[:limit])\n"
        )
        size += len(lines[-1]) + 1
    return Prompt(_SYSTEM, "\n".join([lines[0], _TASK, *lines[1:]]), "")


def worst_of(target: Target, prompt: Prompt, profile: Profile) -> PicoUsd:
    """The most that one request may be billed: no tokeniser makes more tokens than bytes."""
    return target.worst.worst_case(prompt.size, MESSAGES, profile.output_tokens)


def bound(targets: Sequence[Target], profile: Profile) -> PicoUsd:
    """The most that a run may be billed."""
    prompts = [prompt_for(number, profile) for number in range(profile.requests + profile.warm_up)]
    return PicoUsd(
        sum(worst_of(target, prompt, profile) for target in targets for prompt in prompts)
    )


def check_bound(targets: Sequence[Target], profile: Profile, most: PicoUsd) -> PicoUsd:
    """The bound of a run; raises UsageError where it is over *most*, before anything is sent."""
    worst = bound(targets, profile)
    if worst > most:
        message = f"this run may cost up to {format_usd(worst)}, over --max-cost {format_usd(most)}"
        raise UsageError(
            message,
            "Ask for fewer --requests, --input-tokens or --output-tokens, or raise --max-cost."
            " The bound counts a token for every byte of input; the bill will be lower.",
        )
    return worst
