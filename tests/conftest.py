"""What several levels of tests share: real databases, and how laws are tried out."""

from __future__ import annotations

import signal
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from tests.fakes.postgres import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database

# The same examples each time, and no clock: neither luck nor a busy machine breaks a law here.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# Others each time: pytest --hypothesis-profile=search
settings.register_profile(
    "search", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")

# What a shell runs in the background ignores Ctrl-C, and so would all processes of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of this test process; its address."""
    with started(tmp_path_factory.getbasetemp().parent / "postgres.lock") as address:
        yield address


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """An empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of an empty ledger, on each of both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty ledger, on each of both databases."""
    opened = open_database(database_url)
    migrate(opened)
    yield opened
    opened.close()
