"""What pages show of the ledger, against the single calls, on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reviewbot.entrypoints.demo.history import seed_history
from reviewbot.ledger import insight
from reviewbot.ledger.costs import By, Query, spend
from reviewbot.ledger.database import open_database
from reviewbot.ledger.insight import Group
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.pull_record import (
    CallQuery,
    calls_between,
    calls_of,
    reviews_of,
)
from reviewbot.ledger.sight import Sight, Span
from reviewbot.ledger.worth import Aspect, received, total, worths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reviewbot.ledger.database import Database
    from reviewbot.ledger.pull_record import PastCall
    from reviewbot.ledger.worth import Received

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS: dict[Group, Callable[[PastCall], tuple[object, ...]]] = {
    Group.DAY: lambda call: (f"{datetime.fromtimestamp(call.reserved_at / 1000, UTC):%Y-%m-%d}",),
    Group.REPOSITORY: lambda call: (call.repository_id,),
    Group.PULL: lambda call: (call.repository_id, call.number),
    Group.MODEL: lambda call: (call.tier, call.model),
    Group.ENDPOINT: lambda call: (call.endpoint,),
}
SIGHTS = (Sight(), Sight(frozenset({1001})), Sight(frozenset({1002, 1003})), Sight(frozenset()))
SPANS = (
    Span(date(2026, 8, 1), date(2026, 11, 30)),
    Span(date(2026, 9, 17), date(2026, 11, 12)),
    Span(date(2026, 10, 3), date(2026, 10, 20)),
    Span(date(2026, 11, 1), date(2026, 11, 25)),
)


@pytest.fixture
def past(database_url: str) -> Iterator[Database]:
    seed_history(database_url, NOW, 60)
    opened = open_database(database_url)
    yield opened
    opened.close()


def ended(database: Database, sight: Sight, span: Span) -> list[PastCall]:
    begin = datetime(span.first.year, span.first.month, span.first.day, tzinfo=UTC)
    end = begin + timedelta(days=span.days)
    query = CallQuery(
        sight, int(begin.timestamp() * 1000), int(end.timestamp() * 1000), most=10_000
    )
    with database.snapshot() as session:
        return [call for call in calls_between(session, query) if call.state != "reserved"]


def test_sums_are_those_of_the_calls_within_sight(past: Database) -> None:
    for sight in SIGHTS:
        for span in SPANS:
            calls = ended(past, sight, span)
            for group, key in KEYS.items():
                counts, costs = Counter(map(key, calls)), Counter[tuple[object, ...]]()
                for call in calls:
                    costs[key(call)] += call.cost
                with past.snapshot() as session:
                    lines = insight.lines(session, group, span, sight)
                found = {line.key: (line.calls, line.cost) for line in lines if line.calls}
                assert found == {name: (counts[name], costs[name]) for name in counts}


def test_a_pull_requests_record_is_whole(past: Database) -> None:
    span = SPANS[0]
    with past.snapshot() as session:
        for line in insight.lines(session, Group.PULL, span, Sight(), 5):
            reviews = reviews_of(session, *line.key)
            calls = calls_of(session, line.key, [review.id for review in reviews])
            assert sum(call.cost for call in calls) == line.cost
            assert [r.opened_at for r in reviews] == sorted(
                (r.opened_at for r in reviews), reverse=True
            )


def test_what_findings_were_worth_is_that_of_the_single_ones_within_sight(past: Database) -> None:
    for sight in SIGHTS:
        with past.snapshot() as session:
            pulls = [line.key for line in insight.lines(session, Group.PULL, SPANS[0], sight)]
            found = {key: received(session, *key) for key in pulls}
            for span in SPANS:
                within = [each for key in pulls for each in _posted_in(span, found[key])]
                counts = Counter(each.acceptance for each in within)
                expected = (len(within), counts["accepted"], counts["rejected"])
                for aspect in Aspect:
                    whole = total(worths(session, aspect, span, sight))
                    assert (whole.posted, whole.accepted, whole.rejected) == expected
                models = Counter((each.tier, each.model) for each in within)
                by_model = worths(session, Aspect.MODEL, span, sight)
                assert {each.key: each.posted for each in by_model} == models
                for line in insight.lines(session, Group.PULL, span, sight):
                    of_pull = _posted_in(span, found[line.key])
                    accepted = sum(each.acceptance == "accepted" for each in of_pull)
                    assert (line.findings, line.accepted) == (len(of_pull), accepted)
    with past.snapshot() as session:
        whole = total(worths(session, Aspect.CATEGORY, SPANS[0], Sight()))
    assert whole.posted > whole.judged > whole.rejected > 0


def _posted_in(span: Span, found: Sequence[Received]) -> list[Received]:
    return [each for each in found if f"{span.first}" <= _day(each.at) <= f"{span.last}"]


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"


def test_what_is_under_way_is_shown_apart(past: Database) -> None:
    with past.snapshot() as session:
        assert {each.tier for each in insight.under_way(session, Sight())} == {"cheap", "strong"}
        assert insight.under_way(session, Sight(frozenset({1003}))) == []
        [server] = insight.gauges_of(session, "server", "2026-11")
        assert server.used == server.settled + server.presumed + server.reserved
        assert server.reserved > 0
        assert insight.gauges(session, []) == {}


def test_calls_under_way_and_questions_are_found_without_looking_at_all_calls(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    migrate(database)
    narrow, said = Sight(frozenset({1001})), list[str]()
    with database.snapshot() as session:
        connection = session.raw()  # the one that is used from here on
    connection.set_trace_callback(said.append)
    with database.snapshot() as session:
        insight.under_way(session, narrow)
        insight.under_way(session, Sight())
        calls_of(session, (1001, 1), [])
    spend(database, Query(By.REPO, sight=narrow))
    connection.set_trace_callback(None)
    kinds = ("state = 'reserved'", "reason IN")
    asked = [each for each in said if any(kind in each for kind in kinds)]
    plans = [str(connection.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()) for each in asked]
    database.close()
    indexes = ("calls_in_flight", "calls_in_flight", "calls_of_questions", "calls_in_flight")
    assert [index in plan for index, plan in zip(indexes, plans, strict=True)] == [True] * 4


def test_a_snapshot_changes_nothing(past: Database) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only"), past.snapshot() as session:
        session.change("DELETE FROM calls")
    with past.snapshot() as session:
        assert insight.names(session, Sight(frozenset({1001}))) == {1001: "acme/shop"}


def test_writers_do_not_wait_for_a_snapshot(past: Database) -> None:
    with past.snapshot() as reading:
        before = insight.first_day(reading, Sight())
        with past.transaction() as writing:
            writing.change("DELETE FROM spending_by_repository")
        assert insight.first_day(reading, Sight()) == before != ""
    with past.snapshot() as reading:
        assert insight.first_day(reading, Sight()) == ""
