"""A ledger of a million calls: how long summaries take, and what a call costs to enter.

Run: ``python -m tests.benchmarks.ledger_scale [--calls 1000000] [--only sqlite]``.
25 months, 20 repositories, a review of some 20 calls, two tiers, three models.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.money import Usage
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.database import open_database
from reviewbot.ledger.histogram import bucket_of
from reviewbot.ledger.house import tidy
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.benchmarks.postgres import postgres
from tests.contracts.ledger.charges import charge, limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reviewbot.ledger.costs import Spend
    from reviewbot.ledger.database import Database, Session

_DAYS, _REPOSITORIES, _CALLS_PER_REVIEW = 760, 20, 20
_DAY_MS = 86_400_000
_COLUMNS = (
    "id, review_id, repository_id, number, repository, installation_id, author_id, head_sha,"
    " tier, model, endpoint, upstream, jurisdiction, label, reason, scopes, price, worst, state,"
    " reserved_at, lease_until, settled_at, cost, ending, tokens_in, tokens_out, latency_ms"
)
_ROLLUPS = (
    *("spending", "spending_by_repository", "spending_by_pull", "spending_of_pulls"),
    *("timings", "forecasts"),
)
_MODELS = (("cheap", "small"), ("cheap", "small"), ("cheap", "tiny"), ("strong", "large"))


def main() -> None:
    """Print one table a database."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--calls", type=int, default=1_000_000)
    arguments.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.only != "postgresql":
            _measure(f"sqlite:///{folder}/empty.db", f"sqlite:///{folder}/full.db", asked.calls)
        if asked.only != "sqlite":
            with postgres(Path(folder)) as fresh_url:
                _measure(fresh_url(), fresh_url(), asked.calls)


def _measure(empty_url: str, full_url: str, calls: int) -> None:
    empty, full = open_database(empty_url), open_database(full_url)
    migrate(empty)
    migrate(full)
    click.echo(f"\n{full_url.partition(':')[0]}, {calls:,} calls")
    begun = time.perf_counter()
    fill(full, calls)
    click.echo(f"filled in {time.perf_counter() - begun:.0f} s")
    click.echo(_entering(empty, full))
    _show_summaries(full)
    _show_retention(full)
    empty.close()
    full.close()


def _show_summaries(database: Database) -> None:
    click.echo(f"load average {os.getloadavg()[0]:.1f}")
    click.echo("| summary | lines | best ms | median ms | CPU ms here |\n|---|--:|--:|--:|--:|")
    month = int(time.time() * 1000) - 30 * _DAY_MS
    for by in By:
        most = 100 if by is By.PR else None
        for about, query in (
            ("30 days", Query(by, month, most=most)),
            ("25 months", Query(by, most=most)),
            ("24 months", Query(by, month - 694 * _DAY_MS, most=most)),
            ("one repository, 25 months", Query(by, 0, "acme/repo-1", most)),
        ):
            lines, times, cpu = _timed(database, query)
            best, median = min(times), statistics.median(times)
            click.echo(
                f"| by {by}, {about} | {len(lines)} | {best:.1f} | {median:.1f} | {cpu:.1f} |"
            )


def _show_retention(database: Database) -> None:
    """Half of the calls go; no summary changes."""
    summaries = {by: spend(database, Query(by)) for by in By}
    begun = time.perf_counter()
    tidy(database, answers_days=30, calls_days=_DAYS / 2)
    seconds = time.perf_counter() - begun
    with database.transaction() as session:
        [(left,)] = session.rows("SELECT COUNT(*) FROM calls")
    same = summaries == {by: spend(database, Query(by)) for by in By}
    click.echo(f"retention: {left:,} calls left after {seconds:.1f} s; summaries agree: {same}")


def _timed(database: Database, query: Query) -> tuple[list[Spend], list[float], float]:
    """The lines; wall times; and the least CPU time of this process, where SQLite works."""
    lines, walls, cpus = spend(database, query), [], []
    for _ in range(15):
        begun, cpu = time.perf_counter(), time.process_time()
        spend(database, query)
        walls.append((time.perf_counter() - begun) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return lines, walls, min(cpus)


def _entering(empty: Database, full: Database) -> str:
    """Reserving and settling in turn in both, so that the machine's moods hit both."""
    ledgers = {"empty": SqlLedger(empty), "full": SqlLedger(full)}
    times: dict[str, list[float]] = {name: [] for name in ledgers}
    wide = limits(per_pr="1000", per_day="1000")
    for number in range(300):
        wanted = charge("0.0001", number=number, within=wide, review_id=f"bench-{number % 20}")
        for name, ledger in ledgers.items():
            begun = time.perf_counter()
            ledger.settle(ledger.reserve(wanted), Attempt(Ending.ANSWERED, Usage(40, 2)))
            times[name].append((time.perf_counter() - begun) * 1000)
    shown = [
        f"{statistics.median(each):.2f} ms (best {min(each):.2f}) when {name}"
        for name, each in times.items()
    ]
    return f"reserve and settle: median {', '.join(shown)}"


def fill(database: Database, calls: int) -> None:
    """Put so many calls into an empty ledger, and the sums over them."""
    with database.transaction() as session:
        connection = session.raw()
        if database.is_shared:
            copy = f"COPY calls ({_COLUMNS}) FROM STDIN"
            with connection.cursor().copy(copy) as into:
                for row in _rows(calls):
                    into.write_row(row)
        else:
            marks = ", ".join("?" * len(_COLUMNS.split(",")))
            sql = f"INSERT INTO calls ({_COLUMNS}) VALUES ({marks})"  # noqa: S608 - fixed names
            connection.executemany(sql, _rows(calls))
    with database.transaction() as session:
        for table in _ROLLUPS:
            session.change(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        for grain, length in (("day", 10), ("month", 7)):
            _roll_up(session.change, grain, _period(length, shared=database.is_shared))
        _roll_up_pulls(session.change, _period(10, shared=database.is_shared))
        _time(session, database)
        _foresee(session, database)
    _fill_findings(database)
    if database.is_shared:
        with database.transaction() as session:
            session.change("ANALYZE")


_THIRD = "number - number / 3 * 3"  # a remainder that both databases and their drivers take


def _fill_findings(database: Database) -> None:
    """Two findings a review, of which people accepted the most, and the sums over them."""
    whole = "repository_id, number, repository, tier, model, MIN(reserved_at)"
    what = "CASE WHEN {n} = 0 THEN 'security' ELSE 'testing' END"
    fate = f"CASE {_THIRD} WHEN 0 THEN 'unknown' WHEN 1 THEN 'rejected' ELSE 'accepted' END"
    day = _period(10, shared=database.is_shared).replace("reserved_at", "at")
    with database.transaction() as session:
        for n in range(2):
            session.change(
                "INSERT INTO raised (repository_id, number, repository, tier, model, at,"  # noqa: S608 - fixed texts
                " fingerprint, path, side, category, severity, digest, title, acceptance)"
                f" SELECT {whole}, review_id || '-{n}', 'a.py', 'RIGHT', {what.format(n=n)},"
                f" 'high', '', 'A finding', {fate} FROM calls WHERE tier = 'strong'"
                " GROUP BY review_id, repository_id, number, repository, tier, model"
            )
        for grain, length in (("day", 10), ("month", 7)):
            session.change(
                "INSERT INTO acceptance (grain, period, repository_id, repository, tier, model,"  # noqa: S608 - fixed texts
                f" category, posted, accepted, rejected) SELECT '{grain}',"
                f" substr({day}, 1, {length}), repository_id, repository, tier, model, category,"
                " COUNT(*), SUM(CASE WHEN acceptance = 'accepted' THEN 1 ELSE 0 END),"
                " SUM(CASE WHEN acceptance = 'rejected' THEN 1 ELSE 0 END)"
                " FROM raised GROUP BY 2, 3, 4, 5, 6, 7"
            )
        for table in ("spending_by_pull", "spending_of_pulls"):
            session.change(
                f"UPDATE {table} SET findings = 2 * reviews, accepted = CASE {_THIRD}"  # noqa: S608 - fixed names
                " WHEN 2 THEN 2 * reviews ELSE 0 END"
            )


def _period(length: int, *, shared: bool) -> str:
    day = (
        "to_char(to_timestamp(reserved_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        if shared
        else "strftime('%Y-%m-%d', reserved_at / 1000, 'unixepoch')"
    )
    return f"substr({day}, 1, {length})"


def _roll_up(change: Callable[..., int], grain: str, period: str) -> None:
    """Once, from the raw calls, as if each had been added when it ended."""
    sums = "COUNT(*), SUM(tokens_in), SUM(tokens_out), SUM(cost)"
    change(
        "INSERT INTO spending (grain, period, repository_id, repository, tier, model, endpoint,"  # noqa: S608 - fixed texts
        " upstream, reviews, calls, tokens_in, tokens_out, spent)"
        f" SELECT '{grain}', {period}, repository_id, repository, tier, model, endpoint, upstream,"
        f" COUNT(DISTINCT review_id), {sums} FROM calls GROUP BY 2, 3, 4, 5, 6, 7, 8"
    )
    change(
        "INSERT INTO spending_by_repository (grain, period, repository_id, repository, reviews,"  # noqa: S608 - fixed texts
        " calls, tokens_in, tokens_out, spent)"
        f" SELECT '{grain}', {period}, repository_id, repository,"
        f" COUNT(DISTINCT review_id), {sums} FROM calls GROUP BY 2, 3, 4"
    )


def _roll_up_pulls(change: Callable[..., int], day: str) -> None:
    sums = "COUNT(*), SUM(tokens_in), SUM(tokens_out), SUM(cost)"
    change(
        "INSERT INTO spending_by_pull (repository_id, number, period, tier, purpose, reviews,"  # noqa: S608 - fixed texts
        f" calls, tokens_in, tokens_out, spent) SELECT repository_id, number, {day}, tier,"
        " 'review', CASE WHEN tier = 'cheap' THEN COUNT(DISTINCT review_id) ELSE 0 END,"
        f" {sums} FROM calls GROUP BY 1, 2, 3, 4"
    )
    change(
        "INSERT INTO spending_of_pulls (repository_id, number, first_day, last_day, reviews,"
        " calls, tokens_in, tokens_out, spent) SELECT repository_id, number, MIN(period),"
        " MAX(period), SUM(reviews), SUM(calls), SUM(tokens_in), SUM(tokens_out), SUM(spent)"
        " FROM spending_by_pull GROUP BY 1, 2"
    )


def _time(session: Session, database: Database) -> None:
    """Timings as they are kept: by day and month, in buckets."""
    period = _period(10, shared=database.is_shared)
    counts: Counter[tuple[object, ...]] = Counter()
    for day, repository, endpoint, latency, calls in session.rows(
        f"SELECT {period}, repository_id, endpoint, latency_ms, COUNT(*) FROM calls"  # noqa: S608 - fixed texts
        " GROUP BY 1, 2, 3, 4"
    ):
        for grain, when in (("day", day), ("month", day[:7])):
            counts[grain, when, repository, endpoint, "answer", bucket_of(latency)] += calls
    _enter(session, database, "timings", [(*key, calls) for key, calls in counts.items()])


def _foresee(session: Session, database: Database) -> None:
    """A forecast for each review, off by up to a half."""
    rng = random.Random(8)  # noqa: S311 - the same ledger each time
    period = _period(10, shared=database.is_shared)
    counts: Counter[tuple[object, ...]] = Counter()
    for day, repository, reviews in session.rows(
        f"SELECT {period}, repository_id, COUNT(DISTINCT review_id) FROM calls GROUP BY 1, 2"  # noqa: S608 - fixed texts
    ):
        for _ in range(reviews):
            bucket = bucket_of(rng.randint(500, 1_500))
            counts["day", day, repository, bucket] += 1
            counts["month", day[:7], repository, bucket] += 1
    rows = [(*key, n, n, n * 10**10, n * 10**10) for key, n in counts.items()]
    _enter(session, database, "forecasts", rows)


def _enter(session: Session, database: Database, table: str, rows: list[tuple[Any, ...]]) -> None:
    mark = "%s" if database.is_shared else "?"
    sql = f"INSERT INTO {table} VALUES ({', '.join([mark] * len(rows[0]))})"  # noqa: S608 - fixed names
    connection = session.raw()
    if database.is_shared:
        connection.cursor().executemany(sql, rows)
    else:
        connection.executemany(sql, rows)


def _rows(calls: int) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(7)  # noqa: S311 - the same ledger each time
    start = int(time.time() * 1000) - _DAYS * _DAY_MS
    for n in range(calls):
        review = n // _CALLS_PER_REVIEW
        at = start + review * _DAYS * _DAY_MS // (calls // _CALLS_PER_REVIEW) + n % 1000
        repository = review % _REPOSITORIES + 1
        tier, model = _MODELS[n % len(_MODELS)]
        cost, tokens = rng.randint(10**8, 10**10), rng.randint(500, 8_000)
        yield (
            *(f"call-{n}", f"review-{review}", repository, review // (2 * _REPOSITORIES)),
            *(f"acme/repo-{repository}", 3, 9, "a" * 40, tier, model, "one", f"{model}-v1", "EU"),
            *("src/a.py, src/b.py", "", "[]", "{}", 10**10, "settled", at, at + 60_000, at + 900),
            *(cost, "answered", tokens, tokens // 10, rng.randint(4, 80) * 100),
        )


if __name__ == "__main__":
    main()
