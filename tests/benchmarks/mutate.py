"""Breaks diffs as transports, editors and attackers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random


class Mutation(Protocol):
    """Breaks some lines in place."""

    def __call__(self, lines: list[bytes], chance: random.Random) -> None: ...


def truncate(lines: list[bytes], chance: random.Random) -> None:
    del lines[chance.randrange(len(lines)) :]


def delete(lines: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    del lines[at : at + chance.randint(1, 3)]


def duplicate(lines: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = lines[at : at + chance.randint(1, 5)]


def swap(lines: list[bytes], chance: random.Random) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def flip(lines: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    if line := bytearray(lines[at]):
        line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
        lines[at] = bytes(line)


def resign(lines: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b"+", b"-", b" ", b"\\", b"@", b"")) + lines[at][1:]


def recount(lines: list[bytes], chance: random.Random) -> None:
    hunks = [at for at, line in enumerate(lines) if line.startswith(b"@@")]
    if hunks:
        counts = tuple(chance.choice((0, 1, 7, 10**8, 999_999_999)) for _ in range(4))
        lines[chance.choice(hunks)] = b"@@ -%d,%d +%d,%d @@" % counts


def join(lines: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at : at + 2] = [b"".join(lines[at : at + 2])]


MUTATIONS: tuple[Mutation, ...] = (
    truncate,
    delete,
    duplicate,
    swap,
    flip,
    resign,
    recount,
    join,
)


def mutated(raw: bytes, chance: random.Random, most: int = 4) -> bytes:
    """*raw* after one to *most* mutations."""
    lines = raw.split(b"\n")
    for _ in range(chance.randint(1, most)):
        if lines:
            chance.choice(MUTATIONS)(lines, chance)
    return b"\n".join(lines)
