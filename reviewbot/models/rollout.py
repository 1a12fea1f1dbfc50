"""A careful roll-out: shares of a tier's questions by weight, and shadows that only compare.

Both decorate the router as the port ``Model``. What is drawn follows from the answer's key, so
that a review that is started again asks the same model.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.domain.errors import ReviewbotError
from reviewbot.models.attempt import SHADOW
from reviewbot.models.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.finding import Tier
    from reviewbot.domain.money import Price
    from reviewbot.models.comparison import Comparison
    from reviewbot.models.config import ModelConfig, RouterConfig
    from reviewbot.models.router import Router
    from reviewbot.review.ports import Answer, Model, Purse, Question

_WHOLE = 100.0  # per cent
_DRAWS = 2**64
_MOST_SHADOWS = 8  # at the same time
_PATIENCE = 10.0  # seconds, for those under way when a process ends


def draw(purpose: str, key: str) -> float:
    """A number from 0 up to 1, the same for the same key."""
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / _DRAWS


def first_asked(models: Sequence[ModelConfig], drawn: float) -> str:
    """The model that a question goes to first; *drawn* is from 0 up to 1.

    Weights are per cent; the first model without one has what the others leave. Where nothing
    is left or missing, they count in proportion.
    """
    shares = [model.weight or 0.0 for model in models]
    unweighted = [index for index, model in enumerate(models) if model.weight is None]
    if unweighted:
        shares[unweighted[0]] = max(0.0, _WHOLE - sum(shares))
    at = drawn * sum(shares)
    for model, share in zip(models, shares, strict=True):
        if at < share:
            return model.name
        at -= share
    return models[0].name if models else ""


class Weighted:
    """Asks each question first of the model that its share falls to; the others stand in."""

    def __init__(self, router: Router, config: RouterConfig) -> None:
        self._router, self._config = router, config

    def models(self, tier: Tier) -> Sequence[str]:
        """See Model."""
        return self._router.models(tier)

    def price(self, tier: Tier) -> Price | None:
        """See Model."""
        return self._router.price(tier)

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        """See Model."""
        models = self._config.tier(question.tier)
        first = first_asked(models, draw("weight", question.keys[0]))
        return self._router.ask(question, purse, first)


class Shadowed:
    """Asks shadows too, for their share of the questions; *hears* is told how they compare.

    A shadow's answer is paid for like any other, and its findings are never posted. Nobody waits
    for it: it is asked beside the review, and where that is too much, not at all.
    """

    def __init__(
        self,
        model: Model,
        router: Router,
        config: RouterConfig,
        hears: Callable[[Comparison], object],
    ) -> None:
        self._model, self._router, self._config, self._hears = model, router, config, hears
        self._places = threading.BoundedSemaphore(_MOST_SHADOWS)
        self._running: set[threading.Thread] = set()

    def models(self, tier: Tier) -> Sequence[str]:
        """See Model."""
        return self._model.models(tier)

    def price(self, tier: Tier) -> Price | None:
        """See Model."""
        return self._model.price(tier)

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        """See Model; a shadow that fails changes nothing."""
        answers = self._model.ask(question, purse)
        for shadow in self._config.shadows(question.tier):
            if draw(f"shadow {shadow.name}", question.keys[0]) < shadow.shadow:
                self._begin(shadow.name, question, purse, answers)
        return answers

    def close(self, seconds: float) -> None:
        """Let those under way end, for so many seconds at the most."""
        over = time.monotonic() + seconds
        for thread in list(self._running):
            thread.join(max(0.0, over - time.monotonic()))

    def _begin(
        self, name: str, question: Question, purse: Purse, answers: Sequence[Answer]
    ) -> None:
        if not self._places.acquire(blocking=False):
            self._hears(compare(name, [], []))
            return

        def run() -> None:
            try:
                self._hears(self._compared(name, question, purse, answers))
            finally:
                self._running.discard(threading.current_thread())
                self._places.release()

        thread = threading.Thread(target=run, name="shadow", daemon=True)
        self._running.add(thread)
        thread.start()

    def _compared(
        self, name: str, question: Question, purse: Purse, answers: Sequence[Answer]
    ) -> Comparison:
        try:
            theirs = self._router.ask_only(name, replace(question, reason=SHADOW), purse)
        except ReviewbotError:
            theirs = []
        return compare(name, [each.text for each in answers], [each.text for each in theirs])


class Rollout:
    """The router under whatever the configuration asks for."""

    def __init__(self, router: Router, config: RouterConfig) -> None:
        self._listeners: list[Callable[[Comparison], object]] = []
        self._model: Model = router
        self._shadowed: Shadowed | None = None
        if any(model.weight is not None for model in config.models):
            self._model = Weighted(router, config)
        if any(model.shadow for model in config.models):
            self._shadowed = Shadowed(self._model, router, config, self._compared)
            self._model = self._shadowed

    def subscribe(self, listener: Callable[[Comparison], object]) -> None:
        """Tell *listener* of every comparison from now on."""
        self._listeners.append(listener)

    def models(self, tier: Tier) -> Sequence[str]:
        """See Model."""
        return self._model.models(tier)

    def price(self, tier: Tier) -> Price | None:
        """See Model."""
        return self._model.price(tier)

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        """See Model."""
        return self._model.ask(question, purse)

    def close(self) -> None:
        """Let shadows under way end; what does not is presumed, as after a crash."""
        if self._shadowed is not None:
            self._shadowed.close(_PATIENCE)

    def _compared(self, comparison: Comparison) -> None:
        for listener in self._listeners:
            listener(comparison)
