"""Buckets that grow with what they hold: percentiles out of counts, to within seven per cent.

A bucket is the power of two below a value, and its next three binary digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS_BITS = 3
_PARTS = 1 << _PARTS_BITS  # of a power of two
LARGEST = 2**40


def bucket_of(value: int) -> int:
    """The bucket of a value; what is below zero counts as zero, what is huge as LARGEST."""
    held = min(max(value, 0), LARGEST)
    shift = max(0, held.bit_length() - 1 - _PARTS_BITS)
    return (shift << _PARTS_BITS) + (held >> shift)


def middle_of(bucket: int) -> int:
    """The value in the middle of a bucket."""
    if bucket < 2 * _PARTS:
        return bucket
    shift = (bucket >> _PARTS_BITS) - 1
    begin = (_PARTS + (bucket & (_PARTS - 1))) << shift
    return begin + (1 << shift) // 2


def percentile(counts: Mapping[int, int], per_cent: int) -> int | None:
    """The least value that so many per cent of all do not exceed, from counts by value."""
    total = sum(counts.values())
    rank = -(-total * per_cent // 100)
    for value, count in sorted(counts.items()):
        rank -= count
        if rank <= 0 < count:
            return value
    return None
