"""What is exported, backed up, thrown away and brought to a new version loses nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import LedgerError
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.ledger.costs import OTHERS, By, Query, spend
from reviewbot.ledger.database import open_database
from reviewbot.ledger.export import attempts, names
from reviewbot.ledger.house import tidy
from reviewbot.ledger.migrate import migrate, migrations
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.books import assert_balanced, counters
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.test_records import pull
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.costs import Spend
    from reviewbot.ledger.database import Database

_SAMPLES = Path(__file__).parent / "migrations"
_YEAR = 365 * 86_400.0


def _summaries(database: Database) -> dict[By, list[Spend]]:
    return {by: spend(database, Query(by)) for by in By}


def _spend(ledger: SqlLedger, number: int = 1, tokens: int = 1_000) -> None:
    grant = ledger.reserve(charge("0.01", number=number, review_id=f"review-{number}"))
    attempt = Attempt(Ending.ANSWERED, Usage(tokens, 7, cached=3), "small-2027", 900, "", 250)
    ledger.settle(grant, attempt)


def test_summaries_are_the_same_before_and_after_raw_calls_are_thrown_away(
    database: Database,
) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    for number in (1, 2, 3):
        _spend(ledger, number)
        turned.turn(40 * 86_400)
    lost = ledger.reserve(charge("0.02", lease=10))
    turned.turn(11)
    ledger.presume_expired()
    ledger.settle(lost, Attempt(Ending.ANSWERED, Usage(5, 5)))
    before, total = _summaries(database), counters(database)["pr:7/1"]
    turned.turn(2 * _YEAR)
    tidy(database, answers_days=30, calls_days=365, clock=turned.clock())
    assert list(attempts(database)) == []
    assert _summaries(database) == before
    assert counters(database) == {
        name: counts for name, counts in counters(database).items() if name.startswith("pr:")
    }
    assert counters(database)["pr:7/1"] == total, "a pull request's limit is for life"


def test_what_is_younger_or_still_under_way_is_not_thrown_away(database: Database) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    held = ledger.reserve(charge("0.4", lease=3 * _YEAR))
    turned.turn(2 * _YEAR)
    _spend(ledger)
    tidy(database, answers_days=30, calls_days=365, clock=turned.clock())
    ledger.settle(held, Attempt(Ending.ANSWERED, Usage(1, 1)))
    assert len(list(attempts(database))) == 2
    assert_balanced(database)


def test_an_export_has_every_attempt_with_its_corrections(database: Database) -> None:
    turned = TurnableClock()
    ledger = SqlLedger(database, turned.clock())
    _spend(ledger)
    turned.turn(1)
    lost = ledger.reserve(charge("0.02", lease=10, label="=cmd()", reason="severity high"))
    turned.turn(11)
    ledger.presume_expired()
    turned.turn(5)
    ledger.settle(lost, Attempt(Ending.ANSWERED, Usage(1_000, 0), "small-2027"))
    first, second = attempts(database)
    assert tuple(first) == names()
    assert (first["cost_usd"], first["latency_ms"], first["first_token_ms"]) == (
        "0.001007",
        900,
        250,
    )
    assert (first["tokens_in"], first["tokens_cached"], first["outcome"]) == (1_000, 3, "answered")
    assert (second["state"], second["outcome"], second["cost_usd"]) == (
        "settled",
        "answered",
        "0.001",
    )
    assert (second["escalation_reason"], second["error"]) == ("severity high", "lease-expired")
    assert second["corrected_at"] == "2027-01-15T08:00:17+00:00"
    assert list(attempts(database, since=turned.clock().milliseconds(1))) == []
    assert list(attempts(database, repository="another/one")) == []


def test_a_long_export_is_read_in_pieces_and_misses_nothing(database: Database) -> None:
    ledger = SqlLedger(database, TurnableClock().clock())  # all in the same millisecond
    grant = ledger.reserve(charge("0.001"))
    with database.transaction() as session:
        for n in range(1_100):
            session.change(
                "INSERT INTO calls SELECT 'copy-' || CAST(? AS TEXT)"
                ", review_id, repository_id, number, repository, installation_id, author_id,"
                " head_sha, tier, model, endpoint, upstream, jurisdiction, label, reason, scopes,"
                " price, worst, state, reserved_at, lease_until, settled_at, cost, ending,"
                " tokens_in, tokens_out, tokens_cached, tokens_written, tokens_thought,"
                " model_answered, latency_ms, first_token_ms, reported, error"
                " FROM calls WHERE id = ?",
                n,
                grant.id,
            )
    assert len({row["id"] for row in attempts(database)}) == 1_101


def test_attempts_of_one_millisecond_are_exported_in_the_order_they_were_made(
    database: Database,
) -> None:
    ledger = SqlLedger(database, TurnableClock().clock())
    made = [ledger.reserve(charge("0.001")).id for _ in range(20)]
    assert [row["id"] for row in attempts(database)] == made


def test_a_call_that_was_closed_is_never_changed_again(database: Database) -> None:
    ledger = SqlLedger(database)
    grant = ledger.reserve(charge("0.1"))
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(10, 1), "first"))
    [before] = attempts(database)
    ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(9_999, 9), "second"))
    ledger.presume_expired()
    assert list(attempts(database)) == [before]
    assert_balanced(database)


def test_the_dearest_lines_are_shown_and_all_others_are_one(database: Database) -> None:
    ledger = SqlLedger(database)
    for number, tokens in ((1, 5_000), (2, 4_000), (3, 300), (4, 200)):
        _spend(ledger, number, tokens)
    whole = spend(database, Query(By.PR))
    shown = spend(database, Query(By.PR, most=2))
    assert [line.name for line in shown] == ["acme/shop#1", "acme/shop#2", OTHERS]
    assert sum(line.spent for line in shown) == sum(line.spent for line in whole)
    assert shown[-1].reviews == 2
    assert [line.name for line in spend(database, Query(By.PR, most=4))] == [
        f"acme/shop#{number}" for number in (1, 2, 3, 4)
    ]


def test_what_is_under_way_is_shown_apart(database: Database) -> None:
    SqlLedger(database).reserve(charge("0.4"))
    for by in By:
        [line] = spend(database, Query(by))
        assert (line.calls, line.spent, line.reserved) == (1, 0, parse_usd("0.4"))


def test_a_summary_since_a_day_has_whole_days_of_any_month(database: Database) -> None:
    turned = TurnableClock()  # 2027-01-15 08:00
    ledger = SqlLedger(database, turned.clock())
    for _ in range(4):
        _spend(ledger)
        turned.turn(20 * 86_400)
    for by in (By.REPO, By.PR, By.MODEL, By.TIER):
        for since, calls in (("2027-01-15", 4), ("2027-01-16", 3), ("2027-03-01", 1)):
            [line] = spend(database, Query(by, _milliseconds(since)))
            assert line.calls == calls, (by, since)


def test_savings_are_counted_once_and_on_the_day_of_the_review(database: Database) -> None:
    reviews = Reviews(database, TurnableClock().clock())
    review_id = reviews.open(pull(), "desk 1")
    for _ in range(2):
        reviews.close(review_id, "published", '{"cost": {"saved_usd": "0.25"}}')
    for by in (By.REPO, By.PR, By.DAY):
        [line] = spend(database, Query(by))
        assert (line.saved, line.calls) == (parse_usd("0.25"), 0)
    assert spend(database, Query(By.MODEL)) == []


def test_a_backup_that_is_taken_while_others_write_is_whole(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    migrate(database)
    ledger, over = SqlLedger(database), threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            _spend(ledger, number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(3):
            database.backup(tmp_path / f"copy-{n}.db")
    finally:
        over.set()
        writer.join()
    with pytest.raises(LedgerError, match="there already"):
        database.backup(tmp_path / "copy-0.db")
    database.close()
    restored = open_database(f"sqlite:///{tmp_path / 'copy-2.db'}")
    migrate(restored)
    assert_balanced(restored)
    SqlLedger(restored).reserve(charge("0.1", number=999_999))
    restored.close()
    assert (tmp_path / "copy-2.db").stat().st_mode & 0o077 == 0


def test_postgresql_is_backed_up_by_its_own_tools(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)
    with pytest.raises(LedgerError, match="no file") as caught:
        database.backup(tmp_path / "copy.db")
    assert "pg_dump" in caught.value.advice
    database.close()


@pytest.mark.parametrize("version", sorted(migrations()))
def test_a_ledger_of_each_version_comes_to_the_newest_with_all_that_it_knew(
    database_url: str, version: str
) -> None:
    database = open_database(database_url)
    migrate(database, up_to=version)
    with database.transaction() as session:
        database.script(session, (_SAMPLES / version).read_text(encoding="utf-8"))
    migrate(database)
    assert_balanced(database)
    [line] = spend(database, Query(By.REPO))
    assert (line.name, line.calls, line.reviews) == ("acme/shop", 4, 1)
    assert (line.spent, line.presumed) == (parse_usd("0.03"), parse_usd("0.02"))
    SqlLedger(database).reserve(charge("0.1"))
    database.close()


def _milliseconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
