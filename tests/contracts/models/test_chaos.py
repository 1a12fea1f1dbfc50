"""Endpoints that flap: no review is lost, and the ledger is right to the last token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.chaos import storm

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [1, 2])
def test_no_review_is_lost_and_every_token_is_in_the_ledger(tmp_path: Path, seed: int) -> None:
    told = storm(tmp_path, seed, reviews=40, deadline=30.0, hang=0.0)
    assert told.ledger == told.endpoints
    assert told.read + told.failed > 0
    assert told.left == 0, "what failed in the storm is read after it"
    assert len(told.moods) > 6, "there was a storm"
