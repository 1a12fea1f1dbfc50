"""Endpoints that flap: no review is lost, and the ledger is right to the last token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.chaos import Weather, storm

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("seed", "weather"),
    [
        (1, Weather(deadline=30.0, hang=0.0)),
        (2, Weather(deadline=30.0, hang=0.0, stream=True)),
        (3, Weather(deadline=30.0, hang=0.0, stream=True, hedge=0.1)),
    ],
)
def test_no_review_is_lost_and_every_token_is_in_the_ledger(
    tmp_path: Path, seed: int, weather: Weather
) -> None:
    told = storm(tmp_path, seed, 40, weather)
    assert told.ledger == told.endpoints
    assert told.open == 0
    assert told.read + told.failed > 0
    assert told.left == 0, "what failed in the storm is read after it"
    assert len(told.moods) > 6, "there was a storm"
