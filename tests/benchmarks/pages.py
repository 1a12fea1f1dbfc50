"""The costs pages over a ledger of a million calls: how long each takes.

Run: ``python -m tests.benchmarks.pages [--calls 1000000] [--on postgresql]``. 25 months, 20
repositories, 50,000 reviews; the service answers over HTTP on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx2

from reviewbot.entrypoints.demo.service import running_service
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from tests.benchmarks.ledger_scale import fill
from tests.benchmarks.postgres import postgres

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_TOKEN = "the-token-of-the-benchmark"
_ROUNDS = 15


def main() -> None:
    """Print a table."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--calls", type=int, default=1_000_000)
    arguments.add_argument("--on", choices=["sqlite", "postgresql"], default="sqlite")
    asked = arguments.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if asked.on == "sqlite":
            url = f"sqlite:///{folder}/ledger.db"
        else:
            url = stack.enter_context(postgres(Path(folder)))()
        database = open_database(url)
        migrate(database)
        fill(database, asked.calls)
        number = _review(database)
        database.close()
        with running_service(_environ(url), Path(folder) / "service.log") as service:
            _measure(service.url, service.process.pid, number)


def _review(database: Database) -> int:
    """A row for each review, with a report of usual size; returns a pull request's number."""
    receipt = {"counts": {"read": 30}, "entries": [{"path": "src/a.py", "class": "read"}] * 30}
    report = json.dumps({"complete": True, "findings": [], "receipt": receipt})
    with database.transaction() as session:
        session.change(
            "INSERT INTO reviews (id, repository_id, number, repository, head_sha, cause, state,"
            " opened_at, closed_at, report) SELECT review_id, repository_id, number, repository,"
            " head_sha, 'opened', 'published', MIN(reserved_at), MAX(reserved_at), ? FROM calls"
            " GROUP BY review_id, repository_id, number, repository, head_sha",
            report,
        )
        [(number,)] = session.rows("SELECT MAX(number) FROM reviews WHERE repository_id = 1")
    return int(number)


def _measure(url: str, pid: int, number: int) -> None:
    pages = (
        "/costs",
        "/costs?since=2025-01-15&until=2026-11-20",
        "/costs/repositories/1",
        "/costs/repositories/1?since=2025-01-15&until=2026-11-20",
        f"/costs/repositories/1/pulls/{number}",
        "/costs/endpoints",
        "/costs/alerts?since=2025-01-15",
        "/api/v1/costs?by=pull&limit=100",
        "/api/v1/calls?repository_id=1",
        "/api/v1/calls",
    )
    click.echo(f"load average {os.getloadavg()[0]:.1f}")
    click.echo("| page | KiB | best ms | median ms | CPU ms |\n|---|--:|--:|--:|--:|")
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    with httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        for page in pages:
            times = []
            size = len(client.get(page).raise_for_status().content) / 1024
            before = _cpu_milliseconds(pid)
            for _ in range(_ROUNDS):
                begun = time.perf_counter()
                client.get(page)
                times.append((time.perf_counter() - begun) * 1000)
            cpu = (_cpu_milliseconds(pid) - before) / _ROUNDS
            best, median = min(times), statistics.median(times)
            click.echo(f"| `{page}` | {size:.0f} | {best:.0f} | {median:.0f} | {cpu:.0f} |")


def _cpu_milliseconds(pid: int) -> float:
    """What the service has used so far; a server of PostgreSQL is none of it."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) * 1000 / os.sysconf("SC_CLK_TCK")


def _environ(database_url: str) -> dict[str, str]:
    return {
        "HOOK": "opens nothing",
        "TOKEN": _TOKEN,
        "GITHUB_TOKEN": "opens nothing",
        "REVIEWBOT_API_KEY": "opens nothing",
        "REVIEWBOT_BASE_URL": "http://127.0.0.1:9/v1",
        "REVIEWBOT_CHEAP_MODEL": "small",
        "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
        "REVIEWBOT_STRONG_MODEL": "large",
        "REVIEWBOT_STRONG_PRICE": "2.50/10",
        "REVIEWBOT_DATABASE__URL": database_url,
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "HOOK",
        "REVIEWBOT_DASHBOARD__TOKEN_ENV": "TOKEN",
    }


if __name__ == "__main__":
    main()
