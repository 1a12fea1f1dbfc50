"""Sessions of workflows, and tokens that open one each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import Usage, parse_usd
from reviewbot.domain.policy import Data
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.ledger.audit import decisions
from reviewbot.ledger.database import open_database
from reviewbot.ledger.installations import Installations
from reviewbot.ledger.job_sessions import Sessions, Terms, bill_of
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.pull_record import reviews_of
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.switch import Switch
from reviewbot.review.ports import Attempt, Ending, Purse
from tests.contracts.ledger.charges import charge, limits
from tests.fakes.clock import TurnableClock
from tests.fakes.patience import PATIENCE

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database

_PURSE = Purse("review-1", PullKey(7, 1), "acme/shop", 3, "a" * 40, limits())
_ISSUER = "https://issuer.example"


@pytest.fixture
def turned() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def sessions(database: Database, turned: TurnableClock) -> Sessions:
    return Sessions(database, turned.clock())


def opened(sessions: Sessions, terms: Terms | None = None, seconds: float = 1200) -> str:
    return sessions.open(terms or Terms(_PURSE), seconds, "the workflow", "run 1.1")


# --- tokens ----------------------------------------------------------------------------------


def test_a_token_is_used_once(sessions: Sessions, turned: TurnableClock) -> None:
    ends = int(turned.now) + 300
    assert sessions.use_up(_ISSUER, "a", ends)
    assert not sessions.use_up(_ISSUER, "a", ends)
    assert sessions.use_up(_ISSUER, "b", ends)
    assert sessions.use_up("https://another.example", "a", ends)


def test_of_many_processes_one_may_use_a_token(database: Database, database_url: str) -> None:
    def use(_number: int) -> bool:
        with closing(open_database(database_url)) as own:
            return Sessions(own).use_up(_ISSUER, "raced", 2**31)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(24))) == 1
    assert not Sessions(database).use_up(_ISSUER, "raced", 2**31)


def test_a_used_token_is_remembered_until_it_expires(
    sessions: Sessions, turned: TurnableClock
) -> None:
    ends = int(turned.now) + 300
    assert sessions.use_up(_ISSUER, "a", ends)
    turned.turn(299)
    sessions.forget_ended()
    assert not sessions.use_up(_ISSUER, "a", ends)


# --- sessions --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, Data(allowed_jurisdictions=("EU",))])
def test_a_session_has_the_terms_that_it_was_opened_under(
    sessions: Sessions, data: Data | None
) -> None:
    bounds = limits(per_review="0.25", per_author="0.5", escalation_share=Decimal("0.9"))
    purse = replace(_PURSE, limits=bounds, data=data, author_id=9)
    terms = Terms(purse, ("internal-[0-9]+",))
    found = sessions.enter(opened(sessions, terms))
    assert found is not None
    assert (found.terms, found.is_halted) == (terms, False)


def test_every_call_of_a_session_is_counted(sessions: Sessions) -> None:
    token = opened(sessions)
    assert [found.calls for _ in range(3) if (found := sessions.enter(token))] == [1, 2, 3]


def test_a_session_ends(sessions: Sessions, turned: TurnableClock) -> None:
    token = opened(sessions, seconds=60)
    turned.turn(61)
    assert sessions.enter(token) is None
    assert sessions.enter("rbs-" + "a" * 43) is None
    assert sessions.enter("") is None


def test_who_has_no_session_writes_nothing_and_waits_for_no_writer(
    database: Database, database_url: str, turned: TurnableClock
) -> None:
    with closing(open_database(database_url)) as own, ThreadPoolExecutor(1) as pool:
        sessions = Sessions(own, turned.clock())
        over = opened(sessions, seconds=60)
        turned.turn(61)
        with database.transaction() as writer:
            if database.is_shared:  # SQLite has one writer anyway
                writer.change("LOCK TABLE companion_sessions IN EXCLUSIVE MODE")
            for token in ("rbs-" + "a" * 43, "", over):
                assert pool.submit(sessions.enter, token).result(PATIENCE) is None


def test_the_token_itself_is_kept_nowhere(sessions: Sessions, database: Database) -> None:
    token = opened(sessions)
    with database.transaction() as session:
        kept = session.rows("SELECT * FROM companion_sessions")
    assert token not in str(kept)
    assert token.removeprefix("rbs-") not in str(kept)


def test_stopped_spending_and_suspended_installations_halt_sessions(
    sessions: Sessions, database: Database
) -> None:
    token = opened(sessions)
    switch, installations = Switch(database), Installations(database)

    def is_halted() -> bool:
        found = sessions.enter(token)
        assert found is not None
        return found.is_halted

    switch.stop("ada", "no more")
    assert is_halted()
    switch.start("ada")
    assert not is_halted()
    installations.set(3, "suspended")
    assert is_halted()
    installations.set(3, "active")
    installations.change(3, (), (7,))
    assert is_halted()


def test_who_bought_a_session_is_in_the_audit_log(sessions: Sessions, database: Database) -> None:
    opened(sessions)
    [decision] = decisions(database)
    assert (decision.who, decision.action) == ("the workflow", "companion session")
    assert (decision.subject, decision.why) == ("acme/shop#1", "run 1.1")


def test_a_review_is_closed_when_its_last_session_has_ended(
    sessions: Sessions, database: Database, turned: TurnableClock
) -> None:
    pull = PullRequest(
        key=PullKey(7, 1),
        repository="acme/shop",
        title="",
        author=Author(9, "alice"),
        head_sha="a" * 40,
        base_sha="b" * 40,
        base_branch="main",
        default_branch="main",
    )
    review_id = Reviews(database, turned.clock()).open(pull, "workflow run 1.1")
    terms = Terms(replace(_PURSE, review_id=review_id))
    opened(sessions, terms, seconds=60)
    opened(sessions, terms, seconds=120)

    def state() -> str:
        with database.transaction() as session:
            [review] = reviews_of(session, 7, 1)
        return review.state

    turned.turn(61)
    assert (sessions.forget_ended(), state()) == (1, "open")
    turned.turn(60)
    assert (sessions.forget_ended(), state()) == (1, "ended")


# --- bills -----------------------------------------------------------------------------------


def test_a_request_is_billed_for_all_its_attempts_and_no_others(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    usage = Usage(900, 100, cached=300, reasoning=40)
    for label, ending in (
        ("one", Ending.GARBLED),
        ("one", Ending.ANSWERED),
        ("two", Ending.ANSWERED),
    ):
        grant = ledger.reserve(charge("0.1", label=label))
        ledger.settle(grant, Attempt(ending, usage, error="cut-off"))
    bill = bill_of(database, "review-1", "one")
    assert bill.usage == Usage(1_800, 200, cached=600, reasoning=80)
    assert bill.cost == parse_usd("0.002")
    assert (bill.is_counted, bill.error) == (True, "cut-off")


def test_what_nobody_counted_is_not_said_to_be_counted(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    ledger.settle(ledger.reserve(charge("0.1", label="one")), Attempt(Ending.UNKNOWN))
    bill = bill_of(database, "review-1", "one")
    assert (bill.is_counted, bill.cost) == (False, parse_usd("0.1"))


def test_a_companions_own_word_for_a_cost_is_written_down_as_it_is(database: Database) -> None:
    ledger = SqlLedger(database, patience=0)
    grant = ledger.reserve(charge("0.1"))
    told = Usage(10, 1, told=parse_usd("0.30"))
    assert ledger.settle(grant, Attempt(Ending.ANSWERED, told)) == parse_usd("0.30")
    ledger.reserve(charge("0.1"))  # and nothing is closed or put under quarantine for it
