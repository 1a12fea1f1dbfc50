"""One service for all tests of the pages that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.dashboard.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contracts.dashboard.world import World


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running service with a past."""
    with world(tmp_path_factory.mktemp("pages")) as running:
        yield running
