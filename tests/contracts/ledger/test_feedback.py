"""What people made of findings: rows, sums, and what is read back when, on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewbot.domain.command import Breadth
from reviewbot.domain.feedback import Reception
from reviewbot.domain.finding import Category, Severity
from reviewbot.domain.money import Usage
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.domain.ruling import Silence
from reviewbot.ledger.costs import OTHERS, By, Query, spend
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.installations import Installations
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.read_backs import ReadBacks
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.ledger.worth import received
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.findings import MARIA, fates, finding, post, report, seen
from tests.contracts.ledger.test_records import pull
from tests.fakes.clock import TurnableClock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_KEY = PullKey(7, 1)
_DAY = 86_400.0


def _sums(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        rows = session.rows(
            "SELECT grain, period, repository_id, repository, tier, model, category, posted,"
            " accepted, rejected FROM acceptance ORDER BY grain, category"
        )
    return [tuple(row) for row in rows]


def test_what_was_posted_is_a_row_with_who_found_it_and_counts_at_once(
    database: Database,
) -> None:
    reviews = Reviews(database, TurnableClock().clock())
    post(reviews, finding(), finding("f2", Category.TESTING))
    post(reviews, finding())
    about = (7, "acme/shop", "strong", "large")
    assert _sums(database) == [
        (grain, period, *about, category, 1, 0, 0)
        for grain, period in (("day", "2027-01-15"), ("month", "2027-01"))
        for category in ("security", "testing")
    ]
    assert fates(database) == {"f1": ("unknown", ""), "f2": ("unknown", "")}


def test_a_fate_changes_with_what_is_seen_and_the_sums_with_it(database: Database) -> None:
    reviews = Reviews(database, TurnableClock().clock())
    post(reviews, finding())
    steps = (
        (seen(Reception(liked_by=(MARIA,))), ("accepted", "thumbs"), (1, 1, 0)),
        (seen(Reception(disliked_by=(MARIA,))), ("rejected", "thumbs"), (1, 0, 1)),
        (seen(Reception(resolved_by=MARIA)), ("accepted", "resolved"), (1, 1, 0)),
        (seen(Reception(), fixed=True), ("accepted", "fixed"), (1, 1, 0)),
        (seen(Reception()), ("unknown", ""), (1, 0, 0)),
    )
    for now, fate, counts in steps:
        reviews.learn(_KEY, [now])
        reviews.learn(_KEY, [now])
        assert fates(database) == {"f1": fate}
        assert [row[-3:] for row in _sums(database)] == [counts, counts]


def test_what_is_not_seen_any_more_keeps_its_fate(database: Database) -> None:
    reviews = Reviews(database)
    post(reviews, finding())
    reviews.learn(_KEY, [seen(Reception(liked_by=(MARIA,)))])
    reviews.learn(_KEY, [])
    reviews.learn(_KEY, [finding()])
    assert fates(database) == {"f1": ("accepted", "thumbs")}


def test_what_people_told_it_to_ignore_is_rejected_by_name_or_by_rule(database: Database) -> None:
    reviews, rulings = Reviews(database), SqlRulings(database)
    post(reviews, finding(), finding("f2"), rule="no-raw-sql")
    rulings.silence(_KEY, Silence(Breadth.FINDING, "f1", MARIA, Severity.HIGH))
    reviews.learn(_KEY, [])
    assert fates(database) == {"f1": ("rejected", "ignored"), "f2": ("unknown", "")}
    rulings.silence(_KEY, Silence(Breadth.RULE, "no-raw-sql", MARIA, Severity.CRITICAL))
    reviews.learn(_KEY, [seen(Reception())])
    assert fates(database) == {"f1": ("rejected", "ignored"), "f2": ("rejected", "ignored")}
    assert [row[-3:] for row in _sums(database)] == [(2, 0, 2)] * 2


def test_what_only_a_summary_listed_is_no_finding_on_a_line(database: Database) -> None:
    turned = TurnableClock()
    reviews, read_backs = Reviews(database, turned.clock()), ReadBacks(database, turned.clock())
    listed = replace(finding("f2"), is_listed=True)
    post(reviews, listed)
    Desk(database, DeskRules(), turned.clock()).record("d1", _wish())
    turned.turn(1.5 * _DAY)
    reviews.learn(_KEY, [replace(listed, is_fixed=True)])
    assert not read_backs.record(_wish())
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 0
    assert fates(database) == {"f2": ("unknown", "")}

    post(reviews, finding(), listed)
    assert [row[-3:] for row in _sums(database)] == [(1, 0, 0), (1, 0, 0)]
    assert [each.findings for each in spend(database, Query(By.PR))] == [1]
    with database.transaction() as session:
        assert [each.fingerprint for each in received(session, 7, 1)] == ["f1"]


_looks = st.lists(
    st.tuples(
        st.sampled_from(["f1", "f2", "f3"]),
        st.sampled_from(
            [
                Reception(),
                Reception(liked_by=(MARIA,)),
                Reception(disliked_by=(MARIA,)),
                Reception(resolved_by=MARIA),
            ]
        ),
        st.booleans(),
    ),
    max_size=12,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_looks)
def test_sums_are_always_those_of_the_rows(
    database: Database, looks: list[tuple[str, Reception, bool]]
) -> None:
    reviews = Reviews(database)
    post(reviews, *map(finding, ("f1", "f2", "f3")))
    for name, reception, fixed in looks:
        reviews.learn(_KEY, [replace(finding(name), reception=reception, is_fixed=fixed)])
    counted = Counter(acceptance for acceptance, _ in fates(database).values())
    expected = (3, counted["accepted"], counted["rejected"])
    assert [row[-3:] for row in _sums(database)] == [expected, expected]


# --- reading back ----------------------------------------------------------------------------


def _wish(number: int = 1) -> Wish:
    return Wish(PullKey(7, number), "acme/shop", 3, "closed")


def test_only_what_something_was_posted_on_is_read_back(database: Database) -> None:
    turned = TurnableClock()
    read_backs = ReadBacks(database, turned.clock())
    assert not read_backs.record(_wish())
    post(Reviews(database, turned.clock()), finding())
    assert not read_backs.record(_wish(2))
    assert read_backs.record(_wish())
    claimed = read_backs.claim("one")
    assert claimed is not None
    assert (claimed.key, claimed.repository, claimed.installation_id) == (_KEY, "acme/shop", 3)
    assert read_backs.claim("two") is None
    read_backs.finish(claimed)
    turned.turn(_DAY)
    assert read_backs.claim("two") is None


def test_a_killed_reader_s_work_is_claimed_again_and_what_failed_waits(
    database: Database,
) -> None:
    turned = TurnableClock()
    read_backs = ReadBacks(database, turned.clock())
    post(Reviews(database, turned.clock()), finding())
    read_backs.record(_wish())
    assert read_backs.claim("killed") is not None
    turned.turn(301)
    second = read_backs.claim("two")
    assert second is not None
    assert second.attempt == 2
    read_backs.postpone(second, 60)
    assert read_backs.claim("two") is None
    turned.turn(61)
    assert read_backs.claim("two") is not None


def test_what_is_asked_for_while_it_is_read_is_read_again(database: Database) -> None:
    read_backs = ReadBacks(database, TurnableClock().clock())
    post(Reviews(database), finding())
    read_backs.record(_wish())
    claimed = read_backs.claim("one")
    assert claimed is not None
    read_backs.record(_wish())
    read_backs.finish(claimed)
    assert read_backs.claim("two") is not None


def test_nothing_is_read_for_an_installation_that_is_gone(database: Database) -> None:
    read_backs = ReadBacks(database, TurnableClock().clock())
    post(Reviews(database), finding())
    read_backs.record(_wish())
    Installations(database).set(3, "suspended")
    assert read_backs.claim("one") is None
    Installations(database).set(3, "active")
    assert read_backs.claim("one") is not None


def test_recent_findings_are_followed_once_a_day_for_a_week(database: Database) -> None:
    turned = TurnableClock()
    clock = turned.clock()
    reviews, read_backs = Reviews(database, clock), ReadBacks(database, clock)
    post(reviews, finding())
    turned.turn(1.5 * _DAY)
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 0, "the desk does not know it"
    Desk(database, DeskRules(), clock).record("d1", _wish())
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 1
    assert read_backs.claim("one") is not None
    reviews.learn(_KEY, [])
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 0
    turned.turn(1.1 * _DAY)
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 1
    turned.turn(6 * _DAY)
    assert read_backs.record_due(7 * _DAY, _DAY, 50) == 0


# --- beside what it cost ---------------------------------------------------------------------


def test_costs_say_how_many_findings_were_accepted(database: Database) -> None:
    turned = TurnableClock()  # 2027-01-15 08:00
    clock = turned.clock()
    ledger, reviews = SqlLedger(database, clock), Reviews(database, clock)
    for number in (1, 2, 3):
        wanted = charge("0.01", number=number, review_id=f"review-{number}")
        ledger.settle(ledger.reserve(wanted), Attempt(Ending.ANSWERED, Usage(1_000 * number, 7)))
        shown = replace(pull(), key=PullKey(7, number))
        found = [finding(f"f{n}") for n in range(number)]
        review_id = reviews.open(shown, "desk 1")
        reviews.close(review_id, "published", report(*found), found)
        reviews.learn(shown.key, [replace(found[0], is_fixed=True)])
    expected = {
        By.REPO: {"acme/shop": (6, 3)},
        By.PR: {"acme/shop#1": (1, 1), "acme/shop#2": (2, 1), "acme/shop#3": (3, 1)},
        By.MODEL: {"small": (0, 0), "large": (6, 3)},
        By.TIER: {"cheap": (0, 0), "strong": (6, 3)},
        By.DAY: {"2027-01-15": (6, 3)},
    }
    for by, lines in expected.items():
        for repository in ("", "ACME/shop"):
            found_lines = spend(database, Query(by, repository=repository))
            assert {each.name: (each.findings, each.accepted) for each in found_lines} == lines
    dearest, others = spend(database, Query(By.PR, most=1))
    assert (dearest.name, dearest.findings) == ("acme/shop#3", 3)
    assert (others.name, others.findings, others.accepted) == (OTHERS, 3, 2)
    tomorrow = clock.milliseconds(_DAY)
    assert spend(database, Query(By.PR, tomorrow)) == []


def test_a_pull_request_s_findings_are_those_of_the_days_asked_for(database: Database) -> None:
    turned = TurnableClock()
    reviews = Reviews(database, turned.clock())
    post(reviews, finding())
    turned.turn(_DAY)
    second_day = turned.clock().milliseconds()
    post(reviews, finding("f2"), finding("f3"))
    reviews.learn(_KEY, [replace(finding(name), is_fixed=True) for name in ("f1", "f2")])
    for since, counts in ((0, (3, 2)), (second_day, (2, 1))):
        for by in (By.PR, By.REPO):
            [line] = spend(database, Query(by, since))
            assert (line.findings, line.accepted) == counts
