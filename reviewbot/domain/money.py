"""Exact money: integers of 10**-12 USD, prices per token, and what a call costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, Overflow
from typing import NewType

PicoUsd = NewType("PicoUsd", int)  # 10**-12 USD
NOTHING = PicoUsd(0)

PICO_PER_USD = 10**12
TOKENS_PER_PRICE = 10**6  # prices are quoted per million tokens

# A message costs a few tokens beyond its text (role, separators); OpenAI's cookbook counts 3 to 4.
TOKENS_PER_MESSAGE = 16
_LARGEST_AMOUNT = PicoUsd(9 * 10**18)  # what a signed 64-bit column holds


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the endpoint counted them.

    *input* includes *cached* and *cache_write*; *output* includes *reasoning*. *told* is what a
    companion says the call cost: its own ledger knows, whichever model answered.
    """

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    told: PicoUsd | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Prices in 10**-12 USD per token."""

    input: PicoUsd
    output: PicoUsd
    cached: PicoUsd
    cache_write: PicoUsd

    def cost(self, usage: Usage) -> PicoUsd:
        """The exact cost of *usage*; cached tokens are part of the input and billed once."""
        if usage.told is not None:
            return usage.told
        fresh = max(0, usage.input - usage.cached - usage.cache_write)
        return PicoUsd(
            fresh * self.input
            + usage.cached * self.cached
            + usage.cache_write * self.cache_write
            + usage.output * self.output
        )

    def worst_case(self, input_bytes: int, messages: int, output_cap: int) -> PicoUsd:
        """The most a call can cost: a token is at least one UTF-8 byte of the input."""
        dearest = max(self.input, self.cached, self.cache_write)
        tokens = input_bytes + messages * TOKENS_PER_MESSAGE
        return PicoUsd(tokens * dearest + output_cap * self.output)


def parse_usd(text: str | int | Decimal) -> PicoUsd:
    """Read a limit or price in USD; raises ValueError unless it is an exact, sane amount."""
    try:
        amount = Decimal(text) * PICO_PER_USD
    except InvalidOperation as error:
        message = f"{text!r} is no amount in USD; write a decimal such as 0.75"
        raise ValueError(message) from error
    except Overflow as error:  # which is no ValueError, and foreign texts can ask for it
        message = f"{text!r} USD is more than the ledger can hold"
        raise ValueError(message) from error
    if not amount.is_finite() or amount < 0:
        message = f"{text!r} is no amount in USD; it must be zero or more"
        raise ValueError(message)
    if amount > _LARGEST_AMOUNT:
        message = f"{text!r} USD is more than the ledger can hold"
        raise ValueError(message)
    if amount != amount.to_integral_value():
        message = f"{text!r} USD has more than 12 decimal places"
        raise ValueError(message)
    return PicoUsd(int(amount))


def per_million(usd: str | int | Decimal) -> PicoUsd:
    """The price of one token, from a price in USD per million tokens."""
    amount = parse_usd(usd)
    price, rest = divmod(amount, TOKENS_PER_PRICE)
    if rest:
        message = f"{usd!r} USD per million tokens has more than 6 decimal places"
        raise ValueError(message)
    return PicoUsd(price)


_LEAST_SHOWN = Decimal("0.000001")


def format_usd(amount: int) -> str:
    """Show an amount with the cents, or as many decimals as a small one needs.

    What costs less than a millionth still shows as one: it is not nothing.
    """
    usd = Decimal(amount) / PICO_PER_USD
    if usd == 0:
        return "$0.00"
    if abs(usd) >= 1:
        return f"${usd:,.2f}"
    if abs(usd) >= Decimal("0.01"):
        return f"${usd:.3f}"
    return f"${usd if abs(usd) >= _LEAST_SHOWN else _LEAST_SHOWN:.6f}".rstrip("0")


def plain_usd(amount: int) -> str:
    """The exact amount as a decimal string, for machines."""
    return f"{Decimal(amount) / PICO_PER_USD:f}"
