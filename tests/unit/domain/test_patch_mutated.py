"""A broken diff costs no more than the entries that are broken."""

from __future__ import annotations

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.errors import DiffError
from reviewbot.domain.patch import parse_diff
from tests.benchmarks.diff_speed import large_diff
from tests.benchmarks.fuzz_diffs import digest
from tests.benchmarks.mutate import mutated

SEEDS = st.integers(0, 2**32)


@given(SEEDS, SEEDS)
@settings(max_examples=150, deadline=None)
def test_no_mutation_of_a_diff_breaks_anything(seed: int, salt: int) -> None:
    raw = mutated(large_diff(150, seed), random.Random(salt), most=8)  # noqa: S311

    assert digest(raw) in {"refused", "whole", "gaps"}


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_one_broken_entry_leaves_the_others_as_they_are(seed: int) -> None:
    first, second = large_diff(40, seed), large_diff(40, seed + 1).replace(b"src/", b"lib/")
    broken = mutated(first.rstrip(b"\n"), random.Random(seed), most=1) + b"\n"  # noqa: S311
    try:
        read = parse_diff(broken + second)
    except DiffError:
        return

    whole = parse_diff(second)
    assert whole.files[-1] in read.files


def test_the_time_is_linear_in_the_size_of_hostile_diffs() -> None:
    hostile = [
        b"diff --git a/x b/x\n" * 20_000,
        b"--- a\n+++ b\n@@ -1,9 +1,9 @@\n" * 10_000,
        b"@@ -1,999999999 +1,999999999 @@\n" * 20_000,
        b"diff --git " + b"a b/" * 50_000 + b"\n",
        b'diff --git "' + b"\\" * 100_000 + b'" "b/x"\n',
        b"Binary files " + b"x and y " * 1_000 + b"differ\n",
        (b"Submodule " + b"a" * 9_000 + b"\n") * 100,
    ]
    for raw in hostile:
        begin = time.process_time()
        digest(raw)

        assert time.process_time() - begin < 3
