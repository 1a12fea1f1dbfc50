"""The budget law under load, beside what a check followed by an increment does under the same.

Run: ``python -m tests.benchmarks.budget_race [--processes 8] [--threads 64] [--calls 10]``.
The rival reads what was spent, calls if that is below the limit, and adds the cost afterwards,
as gateways do that check a key's budget before a call and book it after; it runs in as many
threads of one process, which is kinder to it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.money import format_usd, parse_usd
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from tests.benchmarks.postgres import postgres
from tests.contracts.ledger.books import assert_balanced, overspend
from tests.contracts.ledger.racing import PER_DAY, WORST, Load, limit_of, race, race_processes

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def main() -> None:
    """Print one table."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--processes", type=int, default=8)
    arguments.add_argument("--threads", type=int, default=64)
    arguments.add_argument("--calls", type=int, default=10)
    asked = arguments.parse_args()
    click.echo("| database | load | attempts | granted | attempts/s | overspend | the rival's |")
    click.echo("|---|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as fresh_url:
        for kind in ("SQLite", "PostgreSQL"):
            for lies in (0, 200):
                url = f"sqlite:///{folder}/{kind}-{lies}.db" if kind == "SQLite" else fresh_url()
                load = Load(url, asked.threads, asked.calls, lies=lies)
                _row(kind, f"{asked.threads} threads", load, 1)
                url = f"sqlite:///{folder}/{kind}-p{lies}.db" if kind == "SQLite" else fresh_url()
                load = replace(load, url=url, threads=4, calls=asked.calls * 2)
                _row(kind, f"{asked.processes} processes x 4", load, asked.processes)


def _row(kind: str, about: str, load: Load, processes: int) -> None:
    database = open_database(load.url)
    migrate(database)
    begun = time.perf_counter()
    ended = race(load) if processes == 1 else race_processes(load, processes)
    seconds = time.perf_counter() - begun
    over = sum(overspend(database, limit_of).values())
    assert_balanced(database)
    rival = _rival(database, load, processes)
    database.close()
    lies = f", lies 1 in {load.lies}" if load.lies else ""
    attempts = load.threads * load.calls * processes
    click.echo(
        f"| {kind} | {about}{lies} | {attempts} | {ended['granted']} | {attempts / seconds:,.0f}"
        f" | {format_usd(over)} | {format_usd(rival)} |",
    )


def _rival(database: Database, load: Load, processes: int) -> int:
    """The same load, checked and then incremented; returns what was spent over the day's limit."""
    with database.transaction() as session:
        session.change("CREATE TABLE rival (spent BIGINT NOT NULL)")
        session.change("INSERT INTO rival (spent) VALUES (0)")
    limit, worst = parse_usd(PER_DAY), parse_usd(WORST)
    gate = threading.Barrier(min(64, load.threads * processes))

    def spend(thread: int) -> Counter[str]:
        rng = random.Random(thread)  # noqa: S311 - the same draws as the ledger's
        gate.wait()
        for _ in range(load.calls):
            with database.transaction() as session:
                [(spent,)] = session.rows("SELECT spent FROM rival")
            if spent >= limit:
                continue
            time.sleep(rng.uniform(0, load.latency))
            cost = worst if rng.random() < 0.25 else rng.randint(1, worst // 3)
            with database.transaction() as session:
                session.change("UPDATE rival SET spent = spent + ?", cost)
        return Counter()

    with ThreadPoolExecutor(gate.parties) as pool:
        list(pool.map(spend, range(gate.parties)))
    with database.transaction() as session:
        [(spent,)] = session.rows("SELECT spent FROM rival")
    return max(0, int(spent) - limit)


if __name__ == "__main__":
    main()
