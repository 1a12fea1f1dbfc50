"""Endpoints that flap through many reviews: is any lost, and is the ledger right?"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
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

_UNKNOWN = (Mood.GATEWAY, Mood.HANGS, Mood.RESETS, Mood.GARBAGE, Mood.UNCOUNTED)
_SETTLED = "state = 'settled'"
_PRESUMED = "state = 'presumed'"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger has and what the endpoints counted, and what became of the code."""

    ledger: dict[str, int]
    endpoints: dict[str, int]
    read: int  # segments, in the storm
    failed: int  # the same, each with its reason
    left: int  # segments unread after the storm
    reviews: int
    calls: int
    seconds: float
    moods: Counter[Mood]


def storm(folder: Path, seed: int, reviews: int, deadline: float, hang: float) -> Outcome:
    """Review *reviews* small diffs while all endpoints flap, then what is left in calm weather.

    An answer that is slower than the *deadline* by chance is counted as lost by the ledger alone:
    it has to be well above what this machine takes.
    """
    with ExitStack() as stack:
        servers = [Flapping(seed + n, hang) for n in range(3)]
        urls = [stack.enter_context(server.running()).url for server in servers]
        here = stack.enter_context(whole(folder, _config(urls, deadline), 2, Temper(3, 0.05, 0.2)))
        diffs = [_diff(seed, n) for n in range(reviews)]
        begun = time.monotonic()
        rough = _reviewed(here, diffs)
        seconds = time.monotonic() - begun
        for server in servers:
            server.calm = True
        calm = _reviewed(here, diffs)
        moods = sum((server.moods for server in servers), Counter[Mood]())
        return Outcome(
            ledger={
                "calls": here.count(),
                "tokens in": here.sums("tokens_in", _SETTLED),
                "tokens out": here.sums("tokens_out", _SETTLED),
                "presumed": here.count(_PRESUMED),
                "open": here.count("state = 'reserved'"),
            },
            endpoints={
                "calls": moods.total(),
                "tokens in": sum(server.tokens_in for server in servers),
                "tokens out": sum(server.tokens_out for server in servers),
                "presumed": sum(moods[mood] for mood in _UNKNOWN),
                "open": 0,
            },
            read=rough[Coverage.READ] + rough[Coverage.KNOWN],
            failed=rough[Coverage.FAILED],
            left=calm.total() - calm[Coverage.READ] - calm[Coverage.KNOWN],
            reviews=reviews,
            calls=here.count(),
            seconds=seconds,
            moods=moods,
        )


def _reviewed(here: Whole, diffs: Sequence[bytes]) -> Counter[Coverage]:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda n: here.review(diffs[n], f"pull {n}"), range(len(diffs))))
    return Counter(entry.coverage for report in reports for entry in report.receipt.entries)


def _config(urls: Sequence[str], deadline: float) -> RouterConfig:
    endpoints = tuple(endpoint(f"e{n}", url) for n, url in enumerate(urls))
    routes = tuple(RouteConfig(each.name, "small", PRICE) for each in endpoints)
    patience = Patience(cheap=deadline, attempts=4, wait=2.0, backoff=0.01)
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
def main(reviews: int, seed: int, deadline: float) -> None:
    """Print what became of the reviews and whether the ledger is right."""
    with tempfile.TemporaryDirectory() as folder:
        told = storm(Path(folder), seed, reviews, deadline, 2 * deadline)
    click.echo(f"{told.reviews} reviews in {told.seconds:.1f} s, {told.calls} calls, none lost")
    click.echo(f"read in the storm {told.read}, failed {told.failed}, unread after it {told.left}")
    for name, count in told.ledger.items():
        click.echo(f"{name:>12}: ledger {count:>9,} endpoints {told.endpoints[name]:>9,}")
    for mood, count in told.moods.most_common():
        click.echo(f"{mood.name.lower():>12}: {count:,}")
    raise SystemExit(told.ledger != told.endpoints or told.left > 0)


if __name__ == "__main__":
    main()
