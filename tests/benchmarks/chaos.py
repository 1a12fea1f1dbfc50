"""Endpoints that flap through many reviews: is any lost, and is the ledger right?"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.outcome import Coverage
from reviewbot.models.breaker import Temper
from reviewbot.models.config import ModelConfig, Patience, RouteConfig, RouterConfig
from tests.contracts.models.flapping import Flapping, Mood
from tests.contracts.models.whole import new_files, whole
from tests.contracts.models.world import PRICE, endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.contracts.models.whole import Whole

_GIVEN_UP = "error IN ('overtaken', 'not-needed')"
_COUNTS = (
    "COUNT(*), SUM(CASE WHEN c.state = 'presumed' THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN c.state = 'settled' THEN c.tokens_in ELSE 0 END),"
    " SUM(CASE WHEN c.state = 'settled' THEN c.tokens_out ELSE 0 END)"
)
_NAMES = ("calls", "presumed", "tokens in", "tokens out")


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the storm is, and how the router meets it; times in seconds.

    An answer that is slower than the *deadline* by chance is counted as lost by the ledger alone:
    it has to be well above what this machine takes.
    """

    deadline: float
    hang: float
    stream: bool = False  # two of the three endpoints are asked for streams
    hedge: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger has and what the endpoints counted, and what became of the code.

    Both leave out prompts of which an attempt was given up for a faster one: the endpoint may
    have counted what nobody heard of. *given_up* is how many were, *open* how many calls
    never ended.
    """

    ledger: dict[str, int]
    endpoints: dict[str, int]
    given_up: int
    open: int
    read: int  # segments, in the storm
    failed: int  # the same, each with its reason
    left: int  # segments unread after the storm
    reviews: int
    calls: int
    seconds: float
    moods: Counter[Mood]


def storm(folder: Path, seed: int, reviews: int, weather: Weather) -> Outcome:
    """Review *reviews* small diffs while all endpoints flap, then what is left in calm weather."""
    with ExitStack() as stack:
        servers = [Flapping(seed + n, weather.hang) for n in range(3)]
        urls = [stack.enter_context(server.running()).url for server in servers]
        here = stack.enter_context(whole(folder, _config(urls, weather), 2, Temper(3, 0.05, 0.2)))
        diffs = [_diff(seed, n) for n in range(reviews)]
        begun = time.monotonic()
        rough = _reviewed(here, diffs)
        seconds = time.monotonic() - begun
        for server in servers:
            server.calm = True
        calm = _reviewed(here, diffs)
        _settled(here)
        given_up = _given_up(here)
        return Outcome(
            ledger=_of_ledger(here, given_up),
            endpoints=_of_endpoints(servers, given_up),
            given_up=here.count(_GIVEN_UP),
            open=here.count("state = 'reserved'"),
            read=rough[Coverage.READ] + rough[Coverage.KNOWN],
            failed=rough[Coverage.FAILED],
            left=calm.total() - calm[Coverage.READ] - calm[Coverage.KNOWN],
            reviews=reviews,
            calls=here.count(),
            seconds=seconds,
            moods=sum((server.moods for server in servers), Counter[Mood]()),
        )


def _settled(here: Whole) -> None:
    """Wait for attempts that nobody waited for."""
    over = time.monotonic() + 60.0
    while here.count("state = 'reserved'") and time.monotonic() < over:
        time.sleep(0.05)


def _given_up(here: Whole) -> set[tuple[str, str]]:
    with here.database.transaction() as session:
        rows = session.rows(
            "SELECT DISTINCT c.endpoint, e.digest FROM calls c JOIN egress e ON e.call_id = c.id"  # noqa: S608 - fixed words
            f" WHERE c.{_GIVEN_UP}"
        )
    return {(row[0], row[1]) for row in rows}


def _of_ledger(here: Whole, without: set[tuple[str, str]]) -> dict[str, int]:
    with here.database.transaction() as session:
        rows = session.rows(
            f"SELECT c.endpoint, e.digest, {_COUNTS}"  # noqa: S608 - fixed words
            " FROM calls c JOIN egress e ON e.call_id = c.id GROUP BY c.endpoint, e.digest"
        )
    kept = [row[2:] for row in rows if (row[0], row[1]) not in without]
    return {name: sum(row[at] for row in kept) for at, name in enumerate(_NAMES)}


def _of_endpoints(servers: Sequence[Flapping], without: set[tuple[str, str]]) -> dict[str, int]:
    kept = [
        counts
        for number, server in enumerate(servers)
        for digest, counts in server.served.items()
        if (f"e{number}", digest) not in without
    ]
    return {name: sum(counts[name] for counts in kept) for name in _NAMES}


def _reviewed(here: Whole, diffs: Sequence[bytes]) -> Counter[Coverage]:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda n: here.review(diffs[n], f"pull {n}"), range(len(diffs))))
    return Counter(entry.coverage for report in reports for entry in report.receipt.entries)


def _config(urls: Sequence[str], weather: Weather) -> RouterConfig:
    endpoints = tuple(
        replace(endpoint(f"e{n}", url), stream=weather.stream and n > 0)
        for n, url in enumerate(urls)
    )
    routes = tuple(RouteConfig(each.name, "small", PRICE) for each in endpoints)
    patience = Patience(
        cheap=weather.deadline, attempts=4, wait=2.0, backoff=0.01, hedge=weather.hedge
    )
    return RouterConfig(endpoints, (ModelConfig("small", routes),), ("small",), patience=patience)


def _diff(seed: int, number: int) -> bytes:
    drawn = random.Random(f"{seed} {number}")  # noqa: S311 - a script, not a secret
    return new_files(
        {
            f"src/part{n}.py": "\n".join(
                f"value_{line} = eval(text)" if drawn.random() < 0.1 else f"value_{line} = {number}"
                for line in range(drawn.randint(1, 30))
            )
            for n in range(drawn.randint(1, 4))
        }
    )


@click.command
@click.option("--reviews", default=200, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--deadline", default=1.0, show_default=True, help="Seconds of one attempt.")
@click.option("--stream", is_flag=True, help="Ask two of the three endpoints for streams.")
@click.option("--hedge", type=float, default=None, help="Seconds until a second route is asked.")
def main(reviews: int, seed: int, deadline: float, stream: bool, hedge: float | None) -> None:  # noqa: FBT001 - a switch
    """Print what became of the reviews and whether the ledger is right."""
    weather = Weather(deadline, 2 * deadline, stream, hedge)
    with tempfile.TemporaryDirectory() as folder:
        told = storm(Path(folder), seed, reviews, weather)
    click.echo(f"{told.reviews} reviews in {told.seconds:.1f} s, {told.calls} calls, none lost")
    click.echo(f"read in the storm {told.read}, failed {told.failed}, unread after it {told.left}")
    click.echo(f"given up for a faster one {told.given_up}, never ended {told.open}")
    for name, count in told.ledger.items():
        click.echo(f"{name:>12}: ledger {count:>9,} endpoints {told.endpoints[name]:>9,}")
    for mood, count in told.moods.most_common():
        click.echo(f"{mood.name.lower():>12}: {count:,}")
    raise SystemExit(told.ledger != told.endpoints or told.left > 0 or told.open > 0)


if __name__ == "__main__":
    main()
