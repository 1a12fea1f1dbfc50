"""An endpoint's dialects by model, as far as they are known, and what is remembered of them."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from reviewbot.domain.errors import LedgerError
from reviewbot.models.dialect import Dialect, Shape, guess

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.models.clock import Clock
    from reviewbot.models.faults import Refusal

_KIND = "dialect"
_AGE = timedelta(days=7)  # what an endpoint refused, it may take after an update


class Memory(Protocol):
    """Keeps texts beyond this process; either may raise LedgerError."""

    def value(self, kind: str, name: str) -> str:
        """What is kept; empty where nothing is."""
        ...

    def keep(self, kind: str, name: str, value: str) -> bool:
        """Keep it instead of what was there."""
        ...


class Lessons:
    """What one endpoint's refusals taught, for some days; a memory that fails is an empty one."""

    def __init__(self, memory: Memory, base_url: str, clock: Clock) -> None:
        self._memory, self._base_url, self._clock = memory, base_url, clock

    def recalled(self, upstream: str, guessed: Dialect) -> Dialect:
        """What was learned of a model, unless it is old or was learned from another guess."""
        text = ""
        with suppress(LedgerError):
            text = self._memory.value(_KIND, self._name(upstream))
        try:
            kept = json.loads(text)
            age = self._clock.now().date() - date.fromisoformat(kept["on"])
            if age < _AGE and kept["guessed"] == _plain(guessed):
                return _dialect(kept["learned"])
        except (ValueError, TypeError, KeyError):
            pass
        return guessed

    def keep(self, upstream: str, guessed: Dialect, learned: Dialect) -> None:
        """Remember what was learned."""
        kept = {
            "on": self._clock.now().date().isoformat(),
            "guessed": _plain(guessed),
            "learned": _plain(learned),
        }
        with suppress(LedgerError):
            self._memory.keep(_KIND, self._name(upstream), json.dumps(kept))

    def _name(self, upstream: str) -> str:
        # An address may hold a secret; a digest of it tells nothing.
        return hashlib.sha256(f"{self._base_url}\n{upstream}".encode(errors="replace")).hexdigest()


class Dialects:
    """How to speak to each model of an endpoint; safe between threads."""

    def __init__(self, base_url: str, lessons: Lessons | None = None) -> None:
        self._base_url, self._lessons = base_url, lessons
        self._known: dict[str, Dialect] = {}
        self._lock = threading.Lock()

    def of(self, upstream: str) -> Dialect:
        """How to speak to a model now."""
        with self._lock:
            if upstream not in self._known:
                guessed = guess(self._base_url, upstream)
                known = self._lessons.recalled(upstream, guessed) if self._lessons else guessed
                self._known[upstream] = known
            return self._known[upstream]

    def learn(self, upstream: str, spoken: Dialect, refusal: Refusal) -> Dialect | None:
        """Remember a refusal; returns what to say instead, None where nothing helps.

        Where another thread learned something meanwhile, that is tried first.
        """
        with self._lock:
            now = self._known.get(upstream, spoken)
            if now != spoken:
                return now
            better = spoken.without(refusal)
            if better is not None:
                self._remember(upstream, better)
            return better

    def learn_of_streams(self, upstream: str, change: Callable[[Dialect], Dialect]) -> None:
        """Remember what a model does not do in streams."""
        spoken = self.of(upstream)
        with self._lock:
            self._remember(upstream, change(self._known.get(upstream, spoken)))

    def _remember(self, upstream: str, learned: Dialect) -> None:
        self._known[upstream] = learned
        if self._lessons:
            self._lessons.keep(upstream, guess(self._base_url, upstream), learned)


def _plain(dialect: Dialect) -> dict[str, Any]:
    """As JSON reads it again."""
    said = {**asdict(dialect), "shape": dialect.shape.value}
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def _dialect(plain: dict[str, Any]) -> Dialect:
    quiet = tuple((name, value) for name, value in plain["quiet"])
    return Dialect(**{**plain, "shape": Shape(plain["shape"]), "quiet": quiet})
