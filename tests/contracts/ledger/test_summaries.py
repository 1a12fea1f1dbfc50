"""What ``reviewbot costs`` sums up: like with like, whatever the lines are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Usage, parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.costs import OTHERS, By, Query, spend
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.findings import finding, post
from tests.contracts.ledger.test_records import pull
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.costs import Spend
    from reviewbot.ledger.database import Database
    from reviewbot.review.ports import Charge

_ANSWERED = Attempt(Ending.ANSWERED, Usage(10_000, 0))  # a cent
_DAY = 86_400


def call(ledger: SqlLedger, wanted: Charge) -> None:
    ledger.settle(ledger.reserve(wanted), _ANSWERED)


def elsewhere(number: int, name: str) -> Charge:
    """A charge of another repository."""
    wanted = charge("0.1")
    purse = replace(wanted.purse, pull=PullKey(number, 1), repository=name)
    return replace(wanted, purse=purse)


@pytest.mark.parametrize("by", [By.REPO, By.PR])
def test_findings_are_set_against_what_reviews_cost_in_the_same_time(
    database: Database, by: By
) -> None:
    turned = TurnableClock()
    ledger, reviews = SqlLedger(database, turned.clock()), Reviews(database, turned.clock())
    call(ledger, charge("0.1"))
    post(reviews, finding("f1"), finding("f2"), finding("f3"))
    turned.turn(_DAY)
    for _ in range(2):
        call(ledger, charge("0.1", review_id="review-2"))
    call(ledger, charge("0.1", review_id="ask:1", reason="ask"))
    post(reviews, finding("f4"))

    [whole] = spend(database, Query(by))
    [later] = spend(database, Query(by, since=turned.clock().milliseconds()))

    assert (whole.findings, whole.per_finding) == (4, parse_usd("0.0075"))
    assert (later.findings, later.per_finding) == (1, parse_usd("0.02"))
    assert (later.spent, later.asked) == (parse_usd("0.03"), parse_usd("0.01"))
    assert (later.accepted, later.per_accepted) == (0, None)


def test_findings_that_no_model_found_are_in_every_summary(database: Database) -> None:
    reviews = Reviews(database)
    call(SqlLedger(database), charge("0.1"))
    post(reviews, finding("f1"))
    review_id = reviews.open(pull(), "desk 2")
    reviews.close(review_id, "published", '{"findings": []}', [finding("f2")])

    found = {by: {line.name: line.findings for line in spend(database, Query(by))} for by in By}

    assert found[By.MODEL] == {"small": 0, "large": 1, "without a model": 1}
    assert found[By.TIER] == {"cheap": 0, "strong": 1, "without a tier": 1}
    assert {sum(lines.values()) for lines in found.values()} == {2}


def test_a_renamed_repository_is_one_line_under_its_newest_name(database: Database) -> None:
    turned = TurnableClock(datetime(2026, 10, 30, tzinfo=UTC).timestamp())
    ledger = SqlLedger(database, turned.clock())
    call(ledger, elsewhere(8, "acme/old"))
    turned.turn(5 * _DAY)
    call(ledger, elsewhere(8, "acme/new"))
    call(ledger, elsewhere(9, "acme/other"))

    def calls(query: Query) -> dict[str, int]:
        return {line.name: line.calls for line in spend(database, query)}

    assert calls(Query(By.REPO)) == {"acme/new": 2, "acme/other": 1}
    for by, name in ((By.REPO, "acme/new"), (By.PR, "acme/new#1"), (By.MODEL, "small")):
        assert calls(Query(by, repository="Acme/New")) == {name: 2}


def test_local_diffs_keep_their_names(database: Database) -> None:
    ledger, reviews = SqlLedger(database), Reviews(database)
    for number, name in ((1, "a.diff"), (2, "b.diff")):
        key = PullKey(0, number)
        wanted = charge("0.1")
        purse = replace(wanted.purse, pull=key, repository=name)
        call(ledger, replace(wanted, purse=purse))
        reviews.open(replace(pull(), key=key, repository=name), "command line")

    assert {line.name for line in spend(database, Query(By.REPO))} == {"a.diff", "b.diff"}
    assert {line.name for line in spend(database, Query(By.PR))} == {"a.diff#1", "b.diff#2"}
    [only] = spend(database, Query(By.PR, repository="b.diff"))
    assert (only.name, only.calls) == ("b.diff#2", 1)


def test_what_is_not_shown_is_in_one_line_with_its_calls_under_way(database: Database) -> None:
    ledger = SqlLedger(database)
    for number in (1, 1, 2):
        call(ledger, charge("0.1", number=number))
    ledger.reserve(charge("0.2", number=2))
    ledger.reserve(charge("0.3", number=3))

    dearest, others = spend(database, Query(By.PR, most=1))

    assert (dearest.name, dearest.calls, dearest.reserved) == ("acme/shop#1", 2, 0)
    assert (others.name, others.calls, others.reserved) == (OTHERS, 3, parse_usd("0.5"))


@pytest.mark.parametrize("by", [By.MODEL, By.TIER])
def test_no_count_of_the_others_is_below_nothing(database: Database, by: By) -> None:
    ledger = SqlLedger(database)
    for tier, model in ((Tier.CHEAP, "small"), (Tier.CHEAP, "small"), (Tier.STRONG, "large")):
        call(ledger, charge("0.1", tier=tier, model=model))

    def counts(line: Spend) -> tuple[int, int]:
        return (line.calls, line.reviews)

    assert list(map(counts, spend(database, Query(by, most=1)))) == [(2, 1), (1, 1)]
