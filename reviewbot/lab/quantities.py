"""Reads the quantities that people write: 800M tokens, 70/30, 60%; all exact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from reviewbot.domain.errors import UsageError

_SCALES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_MOST_TOKENS = 10**15
_WHOLE = 100  # percent


@dataclass(frozen=True, slots=True)
class Split:
    """Which shares of all tokens are input and output; they make one."""

    input: Fraction
    output: Fraction

    def __str__(self) -> str:
        return f"{as_percent(self.input, '')}/{as_percent(self.output, '')}"


def parse_tokens(text: str) -> int:
    """A number of tokens, such as 800M, 1.5B, 250k or 1_000; raises UsageError."""
    match = re.fullmatch(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([kKmMbBtT]?)", text.strip())
    amount = Fraction(0)
    if match:
        amount = Fraction(re.sub("[_,]", "", match[1])) * _SCALES[match[2].upper()]
    if amount.denominator != 1 or not 0 < amount <= _MOST_TOKENS:
        message = f"{text!r} is no number of tokens"
        raise UsageError(message, "Write a whole number such as 800M, 1.5B or 250k.")
    return int(amount)


def parse_split(text: str) -> Split:
    """Input and output in percent, such as 70/30; raises UsageError."""
    match [_percent(part) for part in text.split("/")]:
        case [Fraction() as fresh, Fraction() as out] if fresh + out == 1:
            return Split(fresh, out)
        case _:
            message = f"{text!r} is no split of tokens into input and output"
            raise UsageError(message, "Write two percentages that make 100, such as 70/30.")


def parse_share(text: str) -> Fraction:
    """A share in percent, such as 60% or 12.5%; raises UsageError."""
    share = _percent(text.removesuffix("%")) if text.endswith("%") else None
    if share is None:
        message = f"{text!r} is no share"
        raise UsageError(message, "Write a percentage from 0% to 100%, such as 60%.")
    return share


def as_percent(share: Fraction, sign: str = "%") -> str:
    """A share for people: one decimal unless it is whole."""
    tenths = round(share * 1000)
    whole, rest = divmod(abs(tenths), 10)
    minus = "-" if tenths < 0 else ""
    return f"{minus}{whole}{f'.{rest}' if rest else ''}{sign}"


def _percent(text: str) -> Fraction | None:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text.strip()):
        return None
    share = Fraction(text.strip()) / _WHOLE
    return share if share <= 1 else None
