"""Both tiers in memory: what they say is a function of the question, and every call is paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer, ModelError
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd, Price, Usage
from reviewbot.review.ports import Answer, Attempt, Charge, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.review.ports import Purse, Question
    from tests.fakes.ledger import FakeLedger

PRICE = Price(PicoUsd(100), PicoUsd(400), PicoUsd(10), PicoUsd(100))
MODELS = {Tier.CHEAP: ("small",), Tier.STRONG: ("large",)}


@dataclass
class FakeModel:
    """*say* answers a question with a text, or raises what an endpoint would."""

    ledger: FakeLedger
    say: Callable[[Question], str]
    tiers: dict[Tier, tuple[str, ...]] = field(default_factory=lambda: dict(MODELS))
    asked: list[Question] = field(default_factory=list)
    prices: dict[Tier, Price | None] = field(
        default_factory=lambda: {Tier.CHEAP: PRICE, Tier.STRONG: PRICE}
    )

    def models(self, tier: Tier) -> Sequence[str]:
        return self.tiers.get(tier, ())

    def price(self, tier: Tier) -> Price | None:
        return self.prices[tier] if self.models(tier) else None

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        name = self.models(question.tier)[0]
        grant = self.ledger.reserve(_charge(question, purse, name))
        self.asked.append(question)
        try:
            texts = question.divide(self.say(question))
        except BadAnswer:
            self.ledger.settle(grant, Attempt(Ending.GARBLED, Usage(question.prompt.size, 10)))
            raise
        except ModelError:
            self.ledger.settle(grant, Attempt(Ending.REFUSED))
            raise
        assert len(texts) == len(question.keys)
        attempt = Attempt(Ending.ANSWERED, Usage(question.prompt.size, 100))
        cost = PRICE.cost(Usage(question.prompt.size, 100))
        shares = [cost * weight // sum(question.weights) for weight in question.weights]
        shares[0] += cost - sum(shares)
        answers = [
            Answer(key, text, name, PicoUsd(share), 10, purse.review_id)
            for key, text, share in zip(question.keys, texts, shares, strict=True)
        ]
        self.ledger.settle(grant, attempt, answers)
        return answers


def _charge(question: Question, purse: Purse, name: str) -> Charge:
    worst = PRICE.worst_case(question.prompt.size, 2, question.output_cap)
    return Charge(
        purse, question.tier, name, "here", name, "XX", PRICE, worst, 60.0, question.label
    )
