"""What is seen of model endpoints while they are asked: pace, activity, availability."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.models.faults import HUNG, OVERTAKEN
from reviewbot.models.pace import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWERED = "answered"
_AT_LEAST = frozenset({HUNG, OVERTAKEN})  # errors of attempts whose full time nobody knows
_DOWN = frozenset({"overloaded", "unknown end"})  # faults of the endpoint, not of the question
_UP = frozenset({ANSWERED, "garbled", "cut off"})
_STALE = 900.0  # seconds after which a pace is no longer believed
_WINDOW = 3_600.0  # seconds over which availability is told
_KEPT_BEGINS = 200  # answers of a route whose beginnings tell what is slow
_LEAST_CALLS = 20  # fewer tell nothing about a share


@dataclass(frozen=True, slots=True)
class Observation:
    """One attempt at an endpoint; *outcome* is ``answered`` or the kind of its fault."""

    endpoint: str
    region: str
    upstream: str
    outcome: str
    seconds: float
    tokens_out: int = 0
    error: str = ""
    first_token: float = 0.0  # seconds; 0 where the answer was not streamed
    cached: int = 0  # tokens of the input

    @property
    def is_up(self) -> bool | None:
        """Whether the endpoint did its part; None where the attempt does not tell."""
        if self.outcome in _UP:
            return True
        return False if self.outcome in _DOWN else None


class Paces:
    """How fast routes answer, and how long endpoints have been idle; safe between threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._standings: defaultdict[tuple[str, str], Standing] = defaultdict(Standing)
        self._begins: defaultdict[tuple[str, str], deque[float]] = defaultdict(
            lambda: deque(maxlen=_KEPT_BEGINS)
        )
        self._heard: dict[str, float] = {}
        self._lock = threading.Lock()

    def heard(self, seen: Observation) -> None:
        """Take an attempt in; one that was given up took at least that long."""
        with self._lock:
            at = self._clock()
            self._heard[seen.endpoint] = at
            if seen.outcome == ANSWERED or seen.error in _AT_LEAST:
                key = seen.endpoint, seen.upstream
                standing = self._standings[key]
                tokens, seconds, first = seen.tokens_out, seen.seconds, seen.first_token
                self._standings[key] = standing.answered(tokens, seconds, at, first)
                self._begins[key].append(first or seconds)

    def probed(self, endpoint: str, seconds: float) -> None:
        """Take a live probe in."""
        with self._lock:
            self._heard[endpoint] = self._clock()
            for key, standing in self._standings.items():
                if key[0] == endpoint:
                    self._standings[key] = standing.probed(seconds)

    def idle(self, endpoint: str) -> float:
        """Seconds since an endpoint was last heard of."""
        with self._lock:
            return self._clock() - self._heard.get(endpoint, float("-inf"))

    def p95(self, endpoint: str, upstream: str) -> float | None:
        """Seconds in which 95 of 100 answers have begun; None where too few are known."""
        with self._lock:
            begins = sorted(self._begins[endpoint, upstream])
        if len(begins) < _LEAST_CALLS:
            return None
        return begins[-(-len(begins) * 95 // 100) - 1]

    def expected(self, endpoint: str, upstream: str, tokens: int) -> float | None:
        """Seconds that an answer will take, None where nobody knows any more."""
        with self._lock:
            standing = self._standings.get((endpoint, upstream))
            if standing is None or self._clock() - standing.at > _STALE:
                return None
            return standing.expected(tokens)


class Availability:
    """Which share of the last hour's attempts an endpoint did its part in."""

    def __init__(self, clock: Callable[[], float], window: float = _WINDOW) -> None:
        self._clock, self._window = clock, window
        self._seen: defaultdict[str, deque[tuple[float, bool]]] = defaultdict(deque)
        self._lock = threading.Lock()

    def heard(self, seen: Observation) -> None:
        """Take an attempt in."""
        if (is_up := seen.is_up) is not None:
            with self._lock:
                self._seen[seen.endpoint].append((self._clock(), is_up))
                self._forget(seen.endpoint)

    def share(self, endpoint: str) -> float | None:
        """From 0 to 1; None where too few attempts were made to tell."""
        with self._lock:
            self._forget(endpoint)
            kept = self._seen[endpoint]
            if len(kept) < _LEAST_CALLS:
                return None
            return sum(is_up for _, is_up in kept) / len(kept)

    def _forget(self, endpoint: str) -> None:
        kept, oldest = self._seen[endpoint], self._clock() - self._window
        while kept and kept[0][0] < oldest:
            kept.popleft()
