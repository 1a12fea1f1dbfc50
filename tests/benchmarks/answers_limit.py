"""What it costs to keep the answers within their limit, on both databases.

    python -m tests.benchmarks.answers_limit

510 MB of answers: looking whether there are too many, and removing what an hour may bring.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.ledger.answers import shrink
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from tests.benchmarks.postgres import postgres

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_TEXT = 3_000  # bytes of an answer
_SIZE = _TEXT + 400
_EXCESS = 5_000_000  # bytes
_WEEK = 7 * 86_400_000
_AT_ONCE = 10_000


def fill(database: Database, answers: int) -> None:
    """Store answers of a week ago, a second each."""
    begin = int(time.time() * 1000) - _WEEK
    for first in range(0, answers, _AT_ONCE):
        with database.transaction() as session:
            for at in range(begin + first, begin + min(first + _AT_ONCE, answers)):
                session.change(
                    "INSERT INTO answers (key, model, text, cost, tokens, review_id, at, used_at,"
                    " bytes) VALUES (?, 'small', ?, 1, 1, 'review', ?, ?, ?)",
                    uuid.uuid4().hex * 2,
                    "x" * _TEXT,
                    at,
                    at,
                    _SIZE,
                )


def show(url: str, answers: int) -> None:
    """Print the figures of one database."""
    database = open_database(url)
    migrate(database)
    fill(database, answers)
    total = answers * _SIZE
    for most, what in ((total, "within the limit"), (total - _EXCESS, "5 MB beyond it")):
        begin = time.perf_counter()
        gone = shrink(database, most)
        spent = (time.perf_counter() - begin) * 1000
        kind = url.partition(":")[0]
        click.echo(f"{kind}, {answers:,} answers, {what}: {gone:,} removed in {spent:.0f} ms")
    database.close()


@click.command()
@click.option("--answers", default=150_000)
def main(answers: int) -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        show(f"sqlite:///{folder / 'ledger.db'}", answers)
        with postgres(folder) as fresh:
            show(fresh(), answers)


if __name__ == "__main__":
    main()
