"""Many threads that spend from the same budgets at once, at an endpoint that cannot be trusted.

Run as a program it is one process of several: ``python -m tests.contracts.ledger.racing LOAD``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from reviewbot.domain.errors import BudgetExhausted, EndpointQuarantined
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.domain.scope import Kind
from reviewbot.ledger.database import open_database
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.scopes import kind_of
from reviewbot.review.ports import Attempt, Ending, Grant
from tests.contracts.ledger.charges import charge, limits

ROOT = Path(__file__).parents[3]
WORST = "0.01"
PER_PR, PER_DAY = "0.15", "0.50"


@dataclass(frozen=True, slots=True)
class Load:
    """How many threads make how many calls each; *lies* is one call in how many (0 for none)."""

    url: str
    threads: int
    calls: int
    seed: int = 0
    lies: int = 0
    latency: float = 0.002  # seconds, at the most
    patience: float = 0.0


def limit_of(scope: str) -> int:
    """The limits of this race; months, installation and server are wide."""
    return {Kind.PULL: parse_usd(PER_PR), Kind.REPOSITORY_DAY: parse_usd(PER_DAY)}.get(
        kind_of(scope), parse_usd("500")
    )


def race(load: Load) -> Counter[str]:
    """Run all threads in this process; counts how the calls ended."""
    database = open_database(load.url)
    ledger = SqlLedger(database, patience=load.patience)
    try:
        with ThreadPoolExecutor(load.threads) as pool:
            ended = pool.map(lambda number: _spend(ledger, load, number), range(load.threads))
            return sum(ended, Counter[str]())
    finally:
        database.close()


def race_processes(load: Load, processes: int) -> Counter[str]:
    """Run so many processes of *load* side by side."""
    loads = [replace(load, seed=load.seed + n * load.threads) for n in range(processes)]
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.contracts.ledger.racing", json.dumps(asdict(each))],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for each in loads
    ]
    said = [racer.communicate(timeout=300)[0] for racer in racers]
    return sum((Counter(json.loads(each)) for each in said), Counter[str]())


def _spend(ledger: SqlLedger, load: Load, thread: int) -> Counter[str]:
    rng = random.Random(load.seed + thread)  # noqa: S311 - a race that can be repeated
    ended = Counter[str]()
    for _ in range(load.calls):
        number = rng.randint(1, 5)
        wanted = charge(WORST, number=number, within=limits(per_pr=PER_PR, per_day=PER_DAY))
        try:
            grant = ledger.reserve(wanted)
        except BudgetExhausted:
            ended["refused"] += 1
        except EndpointQuarantined:
            ended["quarantined"] += 1
        else:
            time.sleep(rng.uniform(0, load.latency))
            _settle(ledger, grant, rng, load)
            ended["granted"] += 1
    return ended


def _settle(ledger: SqlLedger, grant: Grant, rng: random.Random, load: Load) -> None:
    """What the endpoint reports: mostly little, sometimes the bound, nothing, or a lie."""
    bound = grant.charge.worst // 10**6  # tokens
    if load.lies and rng.randrange(load.lies) == 0:
        attempt = Attempt(Ending.ANSWERED, Usage(bound * 3, 0))
    else:
        drawn = rng.random()
        usage = Usage(bound if drawn < 0.2 else rng.randint(1, bound // 3), 0)
        unknown = drawn > 0.95
        attempt = Attempt(Ending.UNKNOWN if unknown else Ending.ANSWERED, usage)
    ledger.settle(grant, attempt)


if __name__ == "__main__":
    print(json.dumps(race(Load(**json.loads(sys.argv[1])))))  # noqa: T201 - to the parent
