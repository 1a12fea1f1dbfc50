"""Estimates what a planned review costs, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.domain.question import MESSAGES
from reviewbot.review.escalate import LEAST_LINES
from reviewbot.review.plan import BYTES_PER_TOKEN, changed_lines, pack
from reviewbot.review.prompt import OUTPUT_CAP, question, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import Price
    from reviewbot.review.conduct import Prepared
    from reviewbot.review.ports import Ports
    from reviewbot.review.prompt import Briefing, Task


@dataclass(frozen=True, slots=True)
class Spread:
    """What a request's answer and the second look amount to, at one percentile."""

    output: int  # tokens of an answer
    escalated: float  # share of the changed lines that is read again besides local triggers


# Most chunks have nothing to say: an empty answer is about 40 tokens, a finding about 150.
_P50 = Spread(output=200, escalated=0.05)
_P90 = Spread(output=700, escalated=0.15)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a review would cost in 10**-12 USD: median, nine of ten, every answer at its cap."""

    chunks: int
    known: int  # chunks whose answers are stored: free
    tokens_in: int  # of the first reading
    p50: PicoUsd
    p90: PicoUsd
    bound: PicoUsd


def estimate(ready: Prepared, ports: Ports) -> Estimate:
    """What is left to pay for; nothing is asked."""
    briefing = ready.brief(Tier.CHEAP)
    first = tasks(ready.plan.chunks, briefing)
    stored = ports.answers.known([task.key for task in first], ports.model.models(Tier.CHEAP))
    missing = [task for task in first if task.key not in stored]
    prompts = _prompt_bytes(missing, briefing)
    cheap, strong = ports.model.price(Tier.CHEAP), ports.model.price(Tier.STRONG)

    def at(spread: Spread) -> PicoUsd:
        second = _second(strong, missing, briefing, spread)
        return PicoUsd(_cost(cheap, prompts, spread.output) + second)

    return Estimate(
        chunks=len(first),
        known=len(first) - len(missing),
        tokens_in=sum(_tokens(size) for size in prompts),
        p50=at(_P50),
        p90=at(_P90),
        bound=_bound(cheap, strong, prompts, _prompt_bytes(first, ready.brief(Tier.STRONG))),
    )


def _prompt_bytes(missing: Sequence[Task], briefing: Briefing) -> list[int]:
    """The sizes of the requests that *missing* takes."""
    by_chunk = {id(task.chunk): task for task in missing}
    packs = pack([task.chunk for task in missing])
    questions = (question([by_chunk[id(chunk)] for chunk in each], briefing) for each in packs)
    return [q.prompt.size for q in questions]


def _tokens(size: int) -> int:
    return int(size / BYTES_PER_TOKEN)


def _cost(price: Price | None, prompts: Sequence[int], output: int) -> int:
    if price is None:
        return 0
    return sum(price.cost(Usage(_tokens(size), output)) for size in prompts)


def _second(price: Price | None, first: Sequence[Task], briefing: Briefing, spread: Spread) -> int:
    """The second look: chunks with local triggers for certain, a share of the rest."""
    certain = [task for task in first if task.chunk.triggers]
    lines = sum(changed_lines(task.chunk) for task in first)
    sure = sum(changed_lines(task.chunk) for task in certain)
    most = max(LEAST_LINES, int(lines * briefing.policy.escalation.max_share))
    read_again = min(most, sure + lines * spread.escalated)
    prompts = _prompt_bytes(first, briefing)
    share = read_again / lines if lines else 0.0
    return int(_cost(price, prompts, spread.output) * min(1.0, share))


def _bound(
    cheap: Price | None, strong: Price | None, prompts: Sequence[int], again: Sequence[int]
) -> PicoUsd:
    """Everything read by both tiers, every answer at its cap, a token a byte."""
    worst = 0
    for price, sizes in ((cheap, prompts), (strong, again)):
        if price is not None:
            worst += sum(price.worst_case(size, MESSAGES, OUTPUT_CAP) for size in sizes)
    return PicoUsd(worst)
