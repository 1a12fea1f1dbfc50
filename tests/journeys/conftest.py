"""The services that journeys talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A running service with workers inside, over SQLite; pull requests share it."""
    folder = tmp_path_factory.mktemp("service")
    with Driver(folder, f"sqlite:///{folder / 'ledger.db'}") as driver:
        driver.serve(LIMITS__DEBOUNCE_SECONDS="0")
        yield driver


@pytest.fixture
def own_bot(tmp_path: Path, database_url: str) -> Iterator[Driver]:
    """On each of both databases, a world in which nothing has been started yet."""
    with Driver(tmp_path, database_url) as driver:
        yield driver


@pytest.fixture
def local_bot(tmp_path: Path) -> Iterator[Driver]:
    """The same over SQLite, which one process may use."""
    with Driver(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as driver:
        yield driver


@pytest.fixture
def shared_bot(tmp_path: Path, postgres_url: str) -> Iterator[Driver]:
    """The same on PostgreSQL, which several machines may use."""
    with Driver(tmp_path, postgres_url) as driver:
        yield driver
