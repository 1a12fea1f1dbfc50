"""How the scripted endpoint behaves: what it takes, how slow it is, and its troubles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Trouble(Enum):
    """How an endpoint lets its callers down."""

    STATUS = "an error instead of an answer"
    DROP = "the connection ends without an answer"
    STALL = "nothing is sent, until the caller hangs up"
    GARBLED = "the answer's content is no JSON"
    NO_USAGE = "the answer does not say what it cost"


@dataclass(frozen=True, slots=True)
class Fault:
    """One request's trouble; *status* and what follows are for ``Trouble.STATUS``."""

    trouble: Trouble = Trouble.STATUS
    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    code: str = "overloaded"
    message: str = "The server is overloaded."


@dataclass(frozen=True, slots=True)
class Pace:
    """How a model streams: so many *tokens* of filler at a known speed."""

    first: float  # seconds until the first token
    speed: float  # tokens per second after it
    tokens: int = 100


@dataclass(frozen=True, slots=True)
class Manners:
    """What a model takes, how fast it is, and its next troubles, one a request.

    *longest* is how many tokens it says at the most, whatever the caller allows; 0 is any number.
    With a *pace* its streams are filler at that pace; without one, its scripted answers at once.
    """

    supports_schema: bool = True
    supports_json_object: bool = True
    refuses: frozenset[str] = frozenset()  # parameters
    delay: float = 0.0  # seconds
    longest: int = 0
    pace: Pace | None = None
    faults: tuple[Fault, ...] = ()
